using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Bind9;

/// <summary>
/// How named takes the file of a zone that it has, while it goes on answering for it:
/// <code>
///   what it serves is older  -> reload
///   "dynamic zone"           -> freeze -> write the file again, for named has written its own over it -> thaw
///   "out of range"           -> take the journal beside the file away -> reload
///   what it serves is newer  -> modzone ixfr-from-differences no -> reload -> wait until it is loaded -> take the journal away -> modzone
/// </code>
/// With <c>ixfr-from-differences</c> named makes a difference of each load, and none leads back: it would stay at the newer serial for
/// ever. Whether that is set for all zones named does not tell, so for the moment the zone says no.
/// </summary>
internal sealed class ZoneLoading(
    NamedControl named, ZoneFolder folder, ZoneStanzas stanzas, LargeZoneEntrance entrance, TimeProvider time)
{
    // Also for an order whose time is over: a zone left frozen would take no updates until somebody looks.
    private static readonly TimeSpan ThawPatience = TimeSpan.FromSeconds(5);

    // It comes within milliseconds, if it comes.
    private static readonly TimeSpan DumpPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DumpPause = TimeSpan.FromMilliseconds(5);

    /// <summary>Has the file loaded; false when named does not have the zone.</summary>
    /// <param name="zone">Which zone.</param>
    /// <param name="content">What its file holds.</param>
    /// <param name="applied">The serial that named was given last; null when nothing is known.</param>
    /// <param name="cancellation">The order's time.</param>
    /// <exception cref="BackendException">named refused, or did not load it.</exception>
    public async Task<bool> TryLoadAsync(DomainName zone, ZoneContent content, uint? applied, CancellationToken cancellation)
    {
        RndcReply reply = await named.ReloadAsync(zone, cancellation);
        if (reply.Verdict == RndcVerdict.NoSuchZone)
            return false;
        if (reply.IsJournalOutOfStep)
        {
            // The file went on while named was dead. Without its journal named loads the file, and begins a new one.
            await folder.DeleteCompanionsAsync(zone, NamedFiles.Journals);
            reply = await named.ReloadAsync(zone, cancellation);
        }

        if (reply.IsDynamicZone)
        {
            await TakeInWhileFrozenAsync(zone, content, applied, cancellation);
        }
        else
        {
            NamedControl.Ensure(reply, "reload", zone);
            if (reply.Text.Contains("up-to-date", StringComparison.Ordinal))
            {
                if (new NamedZoneStatus(await named.StatusAsync(zone, cancellation)).Serial == content.Serial)
                    return true;
                folder.Touch(zone);
                NamedControl.Ensure(await named.ReloadAsync(zone, cancellation), "reload", zone);
            }
        }

        if (entrance.IsLarge(content))
            await entrance.LoadedAsync(zone, content, cancellation);
        return true;
    }

    /// <summary>The same for a serial that may be before the one that is served.</summary>
    /// <exception cref="BackendException">named refused, or did not load it.</exception>
    public async Task<bool> TryGoBackAsync(DomainName zone, ZoneFile file, ZoneContent content, CancellationToken cancellation)
    {
        NamedZoneStatus status = new(await named.StatusAsync(zone, cancellation));
        ZoneStanza stanza = stanzas.For(zone);
        bool goesBack = status.Serial is { } served && SerialNumber.IsNewer(served, content.Serial);
        // Of a zone that named signs the serial says nothing, and one of named.conf cannot be changed.
        if (!goesBack || status.IsStatic || !stanza.CanBeClosed)
            return await TryLoadAsync(zone, content, applied: null, cancellation);
        RndcReply changed = await named.ModifyAsync(zone, stanza.ComposeWithoutDifferences(file.Path, file.IsRaw), cancellation);
        if (changed.Verdict == RndcVerdict.NoSuchZone)
            return false;
        NamedControl.Ensure(changed, "modzone", zone);
        if (!await TryLoadAsync(zone, content, applied: null, cancellation))
            return false;
        await entrance.LoadedAsync(zone, content, cancellation);
        await folder.DeleteCompanionsAsync(zone, NamedFiles.Journals);
        NamedControl.Ensure(await named.ModifyAsync(zone, stanza.Compose(file.Path, file.IsRaw), cancellation), "modzone", zone);
        return true;
    }

    /// <summary>
    /// A zone that takes updates (allow-update, update-policy) is loaded anew only by thaw. The answer to freeze comes before the file that
    /// named writes then, if there were updates: over ours, unless that is waited for.
    /// </summary>
    private async Task TakeInWhileFrozenAsync(DomainName zone, ZoneContent content, uint? applied, CancellationToken cancellation)
    {
        bool isUpdated = new NamedZoneStatus(await named.StatusAsync(zone, cancellation)).Serial is not { } served || served != applied;
        (DateTime, long) before = StampOf(zone);
        NamedControl.Ensure(await named.FreezeAsync(zone, cancellation), "freeze", zone);
        RndcReply thawed;
        try
        {
            if (isUpdated)
                await WrittenAsync(zone, before, cancellation);
            await entrance.WriteAsync(zone, content);
        }
        finally
        {
            using CancellationTokenSource late = new(ThawPatience, time);
            thawed = await named.ThawAsync(zone, late.Token);
        }

        NamedControl.Ensure(thawed, "thaw", zone);
    }

    /// <summary>Waits until the zone's file is another, for a while.</summary>
    private async Task WrittenAsync(DomainName zone, (DateTime, long) before, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        while (StampOf(zone) == before && time.GetElapsedTime(started) < DumpPatience)
            await Task.Delay(DumpPause, time, cancellation);
    }

    private (DateTime, long) StampOf(DomainName zone)
    {
        FileInfo file = new(folder.PathOf(zone));
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }
}
