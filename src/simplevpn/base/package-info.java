/**
 * What all other packages use, and what uses none of them: the log, the failure that ends a program, rate limits,
 * addresses and networks as values.
 */
package simplevpn.base;
