#include <signal.h>
#include <string.h>
#include <unistd.h>

// OpenBLAS starts its threads while it is loaded, before `main`. If the system grants none, it says so and raises SIGINT in its own
// process. That ends the program as if its user had interrupted it; or, if SIGINT is ignored, as in the background of a shell, it continues
// without the threads and waits for them in its first call. So SIGINT is handled while libraries are loaded, and only then. Sanitizers
// start at the same moment, and must be first.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED

static struct sigaction before;

static void end(int number, siginfo_t *info, void *context) {
    (void)context;
    if (info->si_code == SI_TKILL && info->si_pid == getpid()) {
        static const char text[] =
            "accrue: the system gives the linear algebra library no thread: a limit on processes and threads (ulimit -u, or pids.max of a "
            "container), or memory, has been reached; OPENBLAS_NUM_THREADS=1 does without\n";
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
        _exit(1);
    }
    if (before.sa_handler == SIG_IGN) return;
    signal(number, SIG_DFL);
    raise(number);
}

static void takeInterruption(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = end;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGINT, &action, &before);
}

// Called before the constructors of libraries; the constructor below is called after them.
__attribute__((section(".preinit_array"), used)) static void (*first)(void) = takeInterruption;

__attribute__((constructor)) static void giveBack(void) { sigaction(SIGINT, &before, 0); }

#endif
