# Asks the kernel for each interface of the table in its own way: perl's syscall(), and netlink by its answers.
# Prints "ID ERRNO WHAT" for each attempt; 0 is a success. x86-64 only.


$| = 1;

sub attempt {
    my ( $id, $what, $ask, @fine ) = @_;
    my $pid = fork // die "fork: $!";
    if ( !$pid ) {
        $! = 0;
        my $result = $ask->();
        my $error = defined $result && $result >= 0 ? 0 : $! + 0;
        $error = 0 if grep { $_ == $error } @fine;
        print "$id $error $what\n";
        
        syscall 231, 0;
    }
    waitpid $pid, 0;
    print "$id 999 $what killed $?\n" if $?;
}

my %sockets = (
    'socket-alg'       => [ 38, 5, 0 ],
    'socket-vsock'     => [ 40, 1, 0 ],
    'socket-rxrpc'     => [ 33, 2, 2 ],
    'socket-rds'       => [ 21, 5, 0 ],
    'socket-tipc'      => [ 30, 4, 0 ],
    'socket-packet'    => [ 17, 3, 0 ],
    'socket-can'       => [ 29, 3, 1 ],
    'socket-kcm'       => [ 41, 2, 0 ],
    'socket-bluetooth' => [ 31, 3, 1 ],
    'socket-nfc'       => [ 39, 5, 1 ],
    'socket-key'       => [ 15, 3, 2 ],
    'socket-xdp'       => [ 44, 3, 0 ],
    'socket-llc'       => [ 26, 2, 0 ],
    'socket-smc'       => [ 43, 1, 0 ],
    'socket-qipcrtr'   => [ 42, 2, 0 ],
    'socket-mctp'      => [ 45, 2, 0 ],
    'socket-x25'       => [ 9,  5, 0 ],
    'socket-ax25'      => [ 3,  2, 0 ],
    'socket-appletalk' => [ 5,  2, 0 ],
    'socket-pppox'     => [ 24, 1, 0 ],
    'socket-dccp'      => [ 2,  6, 33 ],
    'socket-sctp'      => [ 2,  5, 132 ],
);
for my $id ( sort keys %sockets ) {
    my ( $family, $type, $protocol ) = @{ $sockets{$id} };
    attempt $id, 'socket',        sub { syscall 41, $family,         $type, $protocol };
    attempt $id, 'socket + 2^32', sub { syscall 41, $family + 2**32, $type, $protocol };
}

# A netlink message with an acknowledgement: the error that the kernel answers.
sub netlink {
    my ( $protocol, $type, $flags, $body ) = @_;
    my $fd = syscall 41, 16, 3, $protocol;
    return -1 if $fd < 0;
    my $message = pack( 'LSSLL', 16 + length $body, $type, $flags | 5, 1, 0 ) . $body;
    return -1 if syscall( 44, $fd, $message, length $message, 0, 0, 0 ) < 0;
    my $answer = "\0" x 8192;
    return -1 if syscall( 45, $fd, $answer, 8192, 0, 0, 0 ) < 0;
    my ( undef, $kind ) = unpack 'LS', $answer;
    my $error = $kind == 2 ? -unpack 'x16l', $answer : 0;
    $! = $error;
    return $error ? -1 : 0;
}
my @granted = grep { $_ != 1 && $_ != 13 } 2 .. 95;
attempt 'netlink-xfrm', 'XFRM_MSG_GETSADINFO', sub { netlink 6, 0x23, 0, pack 'L', 0 }, grep { $_ != 93 } @granted;
attempt 'netlink-netfilter', 'NFT_MSG_GETTABLE', sub { netlink 12, 10 << 8 | 1, 0x300, pack 'CCn', 0, 0, 0 },
  grep { $_ != 93 } @granted;
attempt 'netlink-route', 'RTM_DELLINK of none', sub { netlink 0, 17, 0, pack 'CxSlLL', 0, 0, 999_999, 0, 0 }, @granted;

attempt 'user-namespace', 'unshare', sub { syscall 272, 0x10000000 };
attempt 'user-namespace', 'clone', sub {
    my $pid = syscall 56, 0x10000011, 0, 0, 0, 0;
    syscall 60, 0 if defined $pid && $pid == 0;
    $pid;
};
my $ring = "\0" x 120;
attempt 'io-uring', 'io_uring_setup', sub { syscall 425, 8, $ring };
my $map = pack 'L12', 2, 4, 8, 2, (0) x 8;
attempt 'bpf', 'array', sub { syscall 321, 0, $map, 48 };
my $perf = pack 'LLQQQQQ' . 'x64', 1, 112, 1, 0, 0, 0, 0x61;
attempt 'perf-event', 'task clock', sub { syscall 298, $perf, 0, -1, -1, 0 };
attempt 'userfaultfd', 'O_CLOEXEC', sub { syscall 323, 0x80000 };
attempt 'keyring', 'keyctl', sub { syscall 250, 0, -2, 1 };
my ( $user, $name, $load ) = ( "user\0", "oracle\0", "x\0" );
attempt 'keyring', 'add_key', sub { syscall 248, $user, $name, $load, 1, -2 };
attempt 'ptrace', 'PTRACE_TRACEME', sub { syscall 101, 0, 0, 0, 0 };
attempt 'pidfd-getfd', 'its own', sub { my $fd = syscall 434, $$ + 0, 0; $fd < 0 ? -1 : syscall 438, $fd, 1, 0 };
my $tmpfs = "tmpfs\0";
attempt 'mount-api', 'fsopen', sub { syscall 430, $tmpfs, 1 };
my $none = "no_such_fs\0";
attempt 'filesystem-autoload', 'fsopen', sub { syscall 430, $none, 0 }, 19;
my $handle = pack 'LlQ', 8, 129, 5;
attempt 'open-by-handle', 'stale', sub { syscall 304, -100, $handle, 0 }, 22, 95, 116;
attempt 'splice', 'two pipes', sub {
    pipe my $a, my $b or die;
    pipe my $c, my $d or die;
    syswrite $b, 'x';
    syscall 275, fileno $a, 0, fileno $d, 0, 1, 0;
};
attempt 'terminal-input', 'TIOCSTI', sub {
    $SIG{HUP} = 'IGNORE';
    syscall 112;
    open my $master, '+<', '/dev/ptmx' or return -1;
    my $unlocked = pack 'l', 0;
    ioctl $master, 0x40045431, $unlocked or return -1;
    my $number = pack 'L', 0;
    ioctl $master, 0x80045430, $number or return -1;
    open my $slave, '+<', '/dev/pts/' . unpack 'L', $number or return -1;
    my $key = 'y';
    ioctl( $slave, 0x5412, $key ) ? 0 : -1;
};

sub opens {
    my ( $id, $mode, @paths ) = @_;
    for my $path (@paths) {
        my $text = "$path\0";
        attempt $id, $path, sub { syscall 2, $text, $mode, 0 };
    }
}
opens 'console', 0400 | 04000 | 2, '/dev/tty1';
opens 'proc-core-pattern', 1, '/proc/sys/kernel/core_pattern';
opens 'proc-sysrq', 1, '/proc/sysrq-trigger';
opens 'sys-writable', 1, '/sys/kernel/uevent_helper', '/sys/kernel/mm/ksm/run', '/sys/power/state';
opens 'device-nodes', 0, '/dev/mem', '/dev/kmsg';
attempt 'kexec', 'kexec_load', sub { syscall 246, 0, 17, 0, 0 }, 22;
my $module = "\0" x 64;
attempt 'module-load', 'init_module', sub { syscall 175, $module, 64, $none }, 8, 22;
attempt 'personality', 'ADDR_COMPAT_LAYOUT', sub { syscall 135, 0x0200000 };
my $zone = pack 'll', 900_000, 0;
attempt 'clock', 'settimeofday', sub { syscall 164, 0, $zone }, 22;
my $timex = pack 'L x204', 0x4000;
attempt 'clock', 'adjtimex', sub { syscall 159, $timex }, 22;

# Programs of 32 bits, each with one call: their status is the error.
if ( opendir my $folder, '/oracle/i386' ) {
    for my $file ( sort grep { !/^\./ } readdir $folder ) {
        my ( $id, $call ) = split /\./, $file;
        my $status = system "/oracle/i386/$file";
        printf "%s %d i386 %s\n", $id, $status < 0 ? 998 : $status & 127 ? 997 : $status >> 8, $call;
    }
}
