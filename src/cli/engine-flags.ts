/**
 * What V8 is told before a gateway starts: its own defaults are made for pages that are left again.
 *
 * The young generation that the command line asks for is that of the main thread; those that scan have a limit of
 * their own. And code is compiled well after a few hundred calls: what runs once for each message takes 3,000 by
 * default, that is, thousands of messages for each thread, and until then a message costs a tenth more (11.4 instead
 * of 12.7 CPU-s/GB through the gateway behind eight passes over 500 messages, four runs in turns). With fewer calls
 * still (200, and 50 behind the last that was news) too little is known of them and nothing is gained.
 *
 * Compiled code is thrown away with the shapes of the objects it is made for, and those of a message are gone when it is
 * judged: a collection in a quiet minute took most of it, and the mail behind that minute cost 18.6 to 25 CPU-s/GB. The
 * shapes that code is made for outlive a thousand collections here instead of two: 15.8 to 16.3 (two gateways in turns,
 * 75 seconds of quiet before 500 messages). They are as many as the code has, whatever a message holds.
 */
export const SERVE_FLAGS: readonly string[] = [
  '--max-semi-space-size=0',
  '--min-semi-space-size=0',
  '--invocation-count-for-maglev=100',
  '--invocation-count-for-turbofan=300',
  '--minimum-invocations-after-ic-update=100',
  '--retain-maps-for-n-gc=1000',
];
