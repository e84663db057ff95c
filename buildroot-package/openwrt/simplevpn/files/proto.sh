#!/bin/sh
# netifd's protocol simplevpn: an interface of /etc/config/network that is a client of a server of simplevpn. netifd starts this
# with what the interface's section says, and runs the client by simplevpn-client; README of simplevpn has a table of the options.
# shellcheck shell=dash disable=SC1091,SC2034 # netifd reads no_device and available

[ -n "$INCLUDE_ONLY" ] || {
    . /lib/functions.sh
    . /lib/functions/network.sh
    . ../netifd-proto.sh
    init_proto "$@"
}

# What stands for an option of `simplevpn-cli --help`: UCI's name, by which OpenVPN, WireGuard or openconnect has the same thing
# where one has, a colon, and the option. Those that are only set or not are the second list.
SIMPLEVPN_VALUES="port:port mtu:mtu mss:mss timeout:timeout congestion:congestion key:key server_name:server-name
    address:address keepalive:keepalive prefer:prefer fwmark:mark proxy:proxy proxy_password:proxy-password
    hostname:name"
SIMPLEVPN_FLAGS="defaultroute:default-route route_nopull:no-routes proxy_or_direct:proxy-or-direct set_clock:set-clock
    no_offload:no-offload verbose:verbose quiet:quiet"

# no_device: the client makes its interface. available: there is nothing to wait for; without an uplink it tries again by itself.
proto_simplevpn_init_config() {
    local pair

    no_device=1
    available=1
    proto_config_add_array server
    proto_config_add_array server_pin
    for pair in $SIMPLEVPN_VALUES; do proto_config_add_string "${pair%:*}"; done
    for pair in $SIMPLEVPN_FLAGS; do proto_config_add_boolean "${pair%:*}"; done
    proto_config_add_string join
    proto_config_add_string tunlink
}

# A server, and its pin, which belongs behind it: `list server 'HOST PIN'`. There are as many words as there are, or none.
simplevpn_server() {
    local word

    for word in $1; do
        case $word in
        sha256:*) echo "server-pin $word" ;;
        *) echo "server $word" ;;
        esac
    done
}

# What the section says, as the client's config file; a pin that is no server's own comes first, and is good for each. A value is one
# line whatever is in it, so that the client finds fault with it instead of taking a part for another option.
simplevpn_config() {
    local pair value

    json_for_each_item simplevpn_server server_pin
    json_for_each_item simplevpn_server server
    for pair in $SIMPLEVPN_VALUES; do
        json_get_var value "${pair%:*}"
        # shellcheck disable=SC2086 # words
        [ -z "$value" ] || echo "${pair#*:}" $value
    done
    for pair in $SIMPLEVPN_FLAGS; do
        json_get_var value "${pair%:*}"
        [ "$value" != 1 ] || echo "${pair#*:}"
    done
}

# The client's options for an invitation, or the path of a file with one. The client removes the file when it was used, and has what
# it brought in /etc/simplevpn/INTERFACE from then on: an invitation that stands in the section is put there once, and not again
# before there is another one.
simplevpn_join() {
    local interface="$1" join="$2" folder="/etc/simplevpn/$1" sum

    case $join in
    /*) ;;
    *)
        sum=$(echo "$join" | sha256sum)
        if [ "$(cat "$folder/seen" 2>/dev/null)" != "$sum" ]; then
            (
                umask 077
                mkdir -p "$folder"
                echo "$join" >"$folder/invitation"
                echo "$sum" >"$folder/seen"
            )
        fi
        join=$folder/invitation
        ;;
    esac
    # shellcheck disable=SC2086 # words
    echo join $join
    echo "dir $folder"
}

proto_simplevpn_setup() {
    local interface="$1" config="/var/etc/simplevpn/cli-$1.conf" tunlink join device

    # No word of the section is a pattern for names of files.
    set -f
    json_get_vars tunlink join
    # The interface comes and goes with its uplink then. Without this it stays, whatever the uplinks do: the client goes after the
    # way to the server by itself, also from one uplink to a better one, where a route that netifd made to the server would hold it
    # to the one of the beginning.
    if [ -n "$tunlink" ]; then
        proto_add_host_dependency "$interface" "" "$tunlink"
        # netifd starts this again when there is one.
        network_get_device device "$tunlink" || return 1
    fi
    mkdir -p "${config%/*}"
    {
        simplevpn_config
        [ -z "$device" ] || echo "bind $device"
        [ -z "$join" ] || simplevpn_join "$interface" "$join"
    } >"$config"
    proto_run_command "$interface" /lib/netifd/simplevpn-client "$interface" "$config"
}

# netifd tells with which status the client has ended, if it did by itself; 0 when it was killed. What will be the same next time,
# netifd shall not try again before somebody says `ifup`.
proto_simplevpn_teardown() {
    local interface="$1" error=

    case ${ERROR:-} in
    '') ;;
    2) error=INVALID_OPTION ;;
    3) error=REFUSED ;;
    5) error=SERVER_NOT_PINNED ;;
    *)
        proto_notify_error "$interface" CLIENT_FAILED "$ERROR"
        # It begins anew at once. netifd would end this after five seconds.
        sleep 3
        ;;
    esac
    if [ -n "$error" ]; then
        proto_notify_error "$interface" "$error"
        proto_block_restart "$interface"
    fi
    proto_kill_command "$interface"
    rm -f "/var/etc/simplevpn/cli-$interface.conf"
}

[ -n "$INCLUDE_ONLY" ] || add_protocol simplevpn
