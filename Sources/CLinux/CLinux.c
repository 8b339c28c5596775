#include <linux/filter.h>
#include <sys/socket.h>

#include "CLinux.h"

int accrue_drop_connection_requests(int fd) {
    // The packet begins with the TCP header. Its octet 13 holds the flags; 2 is SYN.
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog program = {sizeof instructions / sizeof *instructions, instructions};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
