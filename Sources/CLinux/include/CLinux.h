// What Glibc's module map leaves out of Swift on Linux: epoll, eventfd, and the GNU extensions for sockets.
#ifndef ACCRUE_CLINUX_H
#define ACCRUE_CLINUX_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

// Glibc's module is built without _GNU_SOURCE, which hides these.
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

// Lets a listening TCP socket drop every SYN; returns 0, or -1 with errno. In C, because the header of filters redeclares names of Glibc's
// module.
int accrue_drop_connection_requests(int fd);

#endif
