using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDns;

// PowerDNS answers from two caches: whole answers, one for each form of a question (packet cache), and sets of records, from which answers
// are made (query cache). What makes it forget a zone empties the first before the second. An answer that is made in between from the
// second goes into the first again, with what the zone was before the change, and stays there for cache-ttl, 20 seconds. The same does an
// answer that was begun before the change and is finished behind it all. Whoever asks in another form sees the new serial meanwhile:
//
//   change --> packets forgotten --> ( a client's answer, of old sets, kept ) --> sets forgotten --> our question: the new serial
//
// So our own question proves that the sets are new, and no more. But then nothing old can be kept any more, by whoever is not yet slower
// than that question was; and when PowerDNS forgets the zone once more behind it, all packets are of the new sets:
//
//   change --> forgotten --> asked: as given --> forgotten --> asked: as given --> proven
//                              | otherwise                        | otherwise
//                              v                                  v
//                            forgotten, with what else may be old; from the start

/// <summary>The zones that were changed, and of which PowerDNS may still have an older answer for somebody else than us.</summary>
/// <remarks>Orders for one zone never overlap. A zone is held from its change to the look that proves it.</remarks>
internal sealed class StaleAnswers
{
    private const int LooksMax = 4;

    private readonly ConcurrentDictionary<DomainName, uint?> _changed = new();

    /// <summary>Told before a change is sent, because it may be done although an error comes back.</summary>
    /// <param name="zone">Which zone.</param>
    /// <param name="serial">What it shall have; null when it shall be gone.</param>
    public void Expect(DomainName zone, uint? serial) => _changed[zone] = serial;

    /// <summary>Nothing is expected of the zone any more.</summary>
    public void Forget(DomainName zone) => _changed.TryRemove(zone, out uint? _);

    /// <summary>What PowerDNS answers, when that is the last that was given to it also what anybody is answered.</summary>
    /// <param name="zone">Which zone.</param>
    /// <param name="left">The serial that it was left with, long ago perhaps; null when that is not known.</param>
    /// <param name="ask">Asks by DNS.</param>
    /// <param name="forget">Makes PowerDNS forget the zone; told whether the last answer was as expected.</param>
    public async Task<ZoneSighting> LookAsync(
        DomainName zone, uint? left, Func<Task<ZoneSighting>> ask, Func<bool, Task> forget)
    {
        bool isChanged = _changed.TryGetValue(zone, out uint? expected);
        if (!isChanged && left is null)
            return await ask();
        if (!isChanged)
            expected = left;
        // Of a zone that was proven one good answer is enough.
        bool? wasExpected = isChanged ? null : true;
        for (int look = 1; ; look++)
        {
            ZoneSighting seen = await ask();
            if (seen.Observation == Observation.CannotTell)
                return seen;
            bool isExpected = expected is { } serial
                ? seen.Observation == Observation.Present && seen.Serial == serial
                : seen.Observation == Observation.Absent;
            if (isExpected && wasExpected == true)
            {
                _changed.TryRemove(zone, out uint? _);
                return seen;
            }

            if (!isExpected && (wasExpected == false || look >= LooksMax))
                return seen;
            await forget(isExpected);
            wasExpected = isExpected;
        }
    }
}
