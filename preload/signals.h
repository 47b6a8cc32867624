/* signals.h - the signals that ask for a dump, and the program that must not notice.
 *
 * A handler of ours stands only where the program left the default action: at the signal that asks
 * for a dump and, where a report is wanted at the end, at those that would end the process. Who
 * asks sees the default action; who sets a handler of his own gets it, and the dump moves to a free
 * real-time signal. */
#ifndef VMATLAS_SIGNALS_H
#define VMATLAS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

typedef void signals_catcher(int signal, siginfo_t *info, void *context);

/* The signal that dumps now, 0 for none. Anywhere. */
int signals_armed(void);

/* The one of ours that a program is least likely to take: the second, a real-time signal, where
 * there is one. 0 for none. Anywhere. */
int signals_spare(void);

/* Who sends us signals is told which the program is about to have for its own, before it has it,
 * and 0 when that is done. Start only. */
void signals_watch(void (*told)(int signal));

/* Whether the configured signal is the program's own. Anywhere. */
bool signals_stepped_back(void);

/* Whether a handler of ours stands at the signal. Anywhere. */
bool signals_caught(int signal);

/* Whether the program itself has asked for the default action there. Anywhere. */
bool signals_default_wanted(int signal);

/* Whether each handler of the program's that may end a wait leaves word that it ran (interrupt.h):
 * all but those that were set behind libc's back or before us, and profilers'. Anywhere. */
bool signals_leave_word(void);

/* sigaction(2) as the program must see it. Anywhere. */
int signals_action(int signal, const struct sigaction *action, struct sigaction *former);

/* For libc's other ways to set a handler: `set` is called, does it, and returns the former handler,
 * which is ours or the program's; returned is what the program must see. Anywhere. */
typedef sighandler_t signals_setter(int signal, sighandler_t handler);
sighandler_t signals_handler(signals_setter *set, int signal, sighandler_t handler);

/* Puts our handler back as it was, after libc changed its flags. Anywhere. */
void signals_rearm(int signal);

/* From a handler of ours at a signal that ends the process: makes it do so, as if we had never been
 * there, as soon as the handler returns. */
void signals_let_through(int signal, siginfo_t *info);

/* Takes our handlers away for good from the signals that end the process, and where `dump` also
 * from the one that dumps. Anywhere. */
void signals_retire(bool dump);

/* Takes the signals that are free: the configured one for `dump`, and those that end the process
 * for `fatal` unless that is NULL. Start only. */
void signals_boot(signals_catcher *dump, signals_catcher *fatal);

#endif
