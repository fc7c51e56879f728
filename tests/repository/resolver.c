/* Stands in for the system's resolver and routes, for one process (LD_PRELOAD): a name whose
 * addresses change between two questions, and a public address that leads to the test's server.
 * ANSWERS: addresses for `rebind.example`, one for each question, the last one for all further.
 * ROUTED: the address that really leads to 127.0.0.1. NOTES: every question and connection. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void note(const char *what, const char *about)
{
    const char *path = getenv("NOTES");
    FILE *notes = path ? fopen(path, "a") : NULL;
    if (notes) {
        fprintf(notes, "%s %s\n", what, about);
        fclose(notes);
    }
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    static int asked;
    char answers[256], *rest = answers, *answer = NULL;
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "rebind.example") != 0)
        return real(name, service, hints, found);
    snprintf(answers, sizeof answers, "%s", getenv("ANSWERS"));
    for (int i = 0; i <= asked; i++) {
        char *next = strsep(&rest, ",");
        if (next)
            answer = next;
    }
    asked++;
    note("resolved", answer);
    return real(answer, service, hints, found);
}

int connect(int socket, const struct sockaddr *to, socklen_t length)
{
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    struct sockaddr_in there;
    char text[INET_ADDRSTRLEN];
    if (to->sa_family != AF_INET)
        return real(socket, to, length);
    memcpy(&there, to, sizeof there);
    inet_ntop(AF_INET, &there.sin_addr, text, sizeof text);
    note("connected", text);
    if (getenv("ROUTED") && strcmp(text, getenv("ROUTED")) == 0)
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real(socket, (struct sockaddr *)&there, sizeof there);
}
