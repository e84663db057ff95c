/**
 * The two programs, {@code srv} and {@code cli}, and what makes them programs: options, version, signals, service
 * manager. What they decide stands here and in {@code protocol}; how bytes get from one descriptor to another, in
 * {@code tunnel}. Contains no byte offsets.
 */
package simplevpn;
