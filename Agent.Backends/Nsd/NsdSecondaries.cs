using System.Collections.Concurrent;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Nsd;

/// <summary>
/// Zones that NSD transfers by itself, from where their pattern says (<c>request-xfr</c>). The driver adds them and tells nsd when there is
/// something to fetch:
/// <code>
///   known --> transfer (or force_transfer, where the serial goes back) ------------------------------------------> (told)
///     |          "not configured"
///     v             |
///   zonestatus &lt;----/
///     nothing: take away a file of an earlier zone --> addzones, and nsd fetches it at once ----------------------> (told)
///     in nsd.conf --> refused
///     another pattern --> changezone, and nsd fetches it as if it had nothing ------------------------------------> (told)
///     our pattern --> transfer, or force_transfer (older, or a second attempt) ------------------------------------> (told)
/// </code>
/// </summary>
/// <remarks>changezone goes on with what the zone's file has until it has fetched something, so a zone that comes from the other style is
/// never away.</remarks>
internal sealed class NsdSecondaries(NsdControl nsd, ZoneFolder folder, TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan[] PausesForOlder =
        [TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(600), TimeSpan.FromSeconds(2)];

    private readonly ConcurrentDictionary<string, bool> _provenPatterns = new(StringComparer.Ordinal);

    /// <summary>Has nsd fetch a version of a zone.</summary>
    /// <param name="zone">Its name.</param>
    /// <param name="name">The same as nsd has it.</param>
    /// <param name="pattern">The pattern that it shall have.</param>
    /// <param name="serial">The version's.</param>
    /// <param name="applied">The serial that nsd was told to fetch before; null when nothing is known.</param>
    /// <param name="isRepeated">It was told to fetch this one and does not serve it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BackendException">nsd cannot be told, or refuses.</exception>
    public async Task ApplyAsync(
        DomainName zone, string name, string pattern, uint serial, uint? applied, bool isRepeated, CancellationToken cancellation)
    {
        if (applied is { } known)
        {
            bool isOlder = SerialNumber.IsNewer(known, serial);
            if (isOlder ? await TakeOlderAsync(name, serial, cancellation) : await FetchAsync(name, mustTakeAll: false, cancellation))
                return;
        }

        NsdZoneStatus? status = await nsd.StatusAsync(name, cancellation);
        if (status is null)
        {
            if (await AddAsync(zone, name, pattern, cancellation))
                return;
            status = await nsd.StatusAsync(name, cancellation);
        }

        switch (status)
        {
            case null:
                throw BackendException.Away($"{zone} was taken from nsd by somebody else");
            case { Pattern: null }:
                throw BackendException.Refused($"{zone} stands in nsd.conf; take it out there");
            case { IsPrimary: true } when status.Pattern == pattern:
                throw WithoutPrimaries(zone, pattern);
            case { Pattern: var other } when other != pattern:
                NsdReply changed = await nsd.ChangeAsync(name, pattern, cancellation);
                if (!changed.IsDone)
                    throw BackendException.Refused($"nsd refused changezone: {changed.Text} (zone {zone})");
                await ProveAsync(zone, name, pattern, cancellation);
                break;
            default:
                bool goesBack = status.Serial is { } served && SerialNumber.IsNewer(served, serial);
                if (!(goesBack
                    ? await TakeOlderAsync(name, serial, cancellation)
                    : await FetchAsync(name, mustTakeAll: isRepeated, cancellation)))
                    throw BackendException.Away($"{zone} was taken from nsd by somebody else");
                break;
        }
    }

    /// <summary>Why nsd does not serve what it has been told to fetch.</summary>
    public static string NotFetched(DomainName zone, uint serial, string pattern) =>
        $"nsd has not transferred serial {serial} of {zone} from where request-xfr of its pattern {pattern} says; "
        + "unless it is busy with that, its log says why";

    /// <summary>False when the zone is there after all.</summary>
    private async Task<bool> AddAsync(DomainName zone, string name, string pattern, CancellationToken cancellation)
    {
        if (folder.IsHere)
            await folder.DeleteAsync(zone, companionSuffixes: []);
        NsdReply reply = await nsd.AddAsync(name, pattern, cancellation);
        if (!reply.IsDone)
            throw BackendException.Refused($"nsd refused addzones: {reply.Text} (zone {zone})");
        if (reply.AlreadyExists)
            return false;
        await ProveAsync(zone, name, pattern, cancellation);
        return true;
    }

    /// <summary>The first zone of a pattern shows whether it has primaries.</summary>
    private async Task ProveAsync(DomainName zone, string name, string pattern, CancellationToken cancellation)
    {
        if (_provenPatterns.ContainsKey(pattern))
            return;
        if (await nsd.StatusAsync(name, cancellation) is { IsPrimary: true })
        {
            await nsd.DeleteAsync(name, cancellation);
            throw WithoutPrimaries(zone, pattern);
        }

        _provenPatterns[pattern] = true;
    }

    /// <summary>
    /// nsd forgets what serial it has when it is told to transfer whatever comes, but learns it again from a reload that was under way,
    /// and then ignores what is older. So it is told again when it does not come to the serial soon.
    /// </summary>
    private async Task<bool> TakeOlderAsync(string name, uint serial, CancellationToken cancellation)
    {
        foreach (TimeSpan pause in PausesForOlder)
        {
            if (!await FetchAsync(name, mustTakeAll: true, cancellation))
                return false;
            long told = time.GetTimestamp();
            while (time.GetElapsedTime(told) < pause)
            {
                await Task.Delay(BetweenLooks, time, cancellation);
                if ((await nsd.StatusAsync(name, cancellation))?.Serial == serial)
                    return true;
            }
        }

        return true;
    }

    /// <summary>False when nsd does not have the zone, or does not transfer it.</summary>
    private async Task<bool> FetchAsync(string name, bool mustTakeAll, CancellationToken cancellation)
    {
        NsdReply told = await nsd.FetchAsync(name, mustTakeAll, cancellation);
        return told.IsDone || (told.IsNoSuchZone || told.IsNotSecondary
            ? false
            : throw BackendException.Refused($"nsd refused {(mustTakeAll ? "force_transfer" : "transfer")}: {told.Text} (zone {name})"));
    }

    private static BackendException WithoutPrimaries(DomainName zone, string pattern) => BackendException.Refused(
        $"nsd took {zone}, but its pattern {pattern} has no request-xfr, so it would never be transferred");
}
