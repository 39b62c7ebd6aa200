using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Knot;

/// <summary>
/// Zones that knotd transfers by itself. The driver configures them and tells knotd when there is something to fetch:
/// <code>
///   known --> zone-refresh (or zone-retransfer, where the serial goes back) --------------------------------------> (told)
///     |          "no such zone", "operation not supported" (a primary)
///     v             v
///   our remotes are there? --no--> conf-set
///   conf-read: absent --> purge what an earlier zone of the name left --> conf-set, and knotd fetches it at once --> (told)
///     | there: its masters ours? --no--> conf-unset them;  settings ours? --no--> conf-set the others
///     \--> zone-refresh, or zone-retransfer (older, a second attempt, or a primary until now) ---------------------> (told)
/// </code>
/// </summary>
/// <remarks>knotd goes on serving a zone whose settings change, so one that goes over from the other style is never away.</remarks>
internal sealed class KnotSecondaries(KnotControl knot, ZoneFolder folder, TransferSource source)
{
    private readonly KnotRemotes _remotes = new(source);

    /// <summary>The settings of a zone.</summary>
    public KnotZoneSettings SettingsFor(DomainName zone, string? template) => new(folder.PathOf(zone), template, _remotes.Ids);

    /// <summary>Why knotd does not serve what it has been told to fetch.</summary>
    public string NotFetched(DomainName zone, uint serial) =>
        $"knotd has not transferred serial {serial} of {zone} from {source.Text}; unless it is busy with that, its log says why";

    /// <summary>Has knotd fetch a version of a zone whose settings it has. False when it has no such zone, or it is a primary.</summary>
    /// <exception cref="BackendException">knotd cannot be told, or refuses.</exception>
    public async Task<bool> FetchAsync(DomainName zone, bool mustTakeAll, CancellationToken cancellation)
    {
        KnotReply told = mustTakeAll ? await knot.RetransferAsync(zone, cancellation) : await knot.RefreshAsync(zone, cancellation);
        if (told.Verdict is KnotVerdict.NoSuchZone or KnotVerdict.NotSupported)
            return false;
        KnotControl.Ensure(told, mustTakeAll ? "zone-retransfer" : "zone-refresh", zone);
        return true;
    }

    /// <summary>Gives a zone that is there the settings of a secondary, and has knotd fetch it.</summary>
    /// <param name="zone">Its name.</param>
    /// <param name="settings">What it shall have.</param>
    /// <param name="found">What it has.</param>
    /// <param name="serial">The version that is wanted.</param>
    /// <param name="isRepeated">knotd was told to fetch it and does not serve it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BackendException">knotd cannot be told, or refuses.</exception>
    public async Task TakeOverAsync(
        DomainName zone, KnotZoneSettings settings, KnotReply found, uint serial, bool isRepeated, CancellationToken cancellation)
    {
        string name = KnotControl.NameOf(zone);
        bool hadMasters = KnotZoneSettings.MastersOf(found).Count > 0;
        if (settings.HasOtherMasters(found))
            KnotControl.Ensure(await knot.UnsetAsync(KnotZoneSettings.Masters(name), cancellation), "conf-unset", zone);
        IReadOnlyList<KnotUnit> change = settings.Change(name, found);
        if (change.Count > 0)
            KnotControl.Ensure(await knot.SetAsync(change, cancellation), "conf-set", zone);
        uint? served = KnotControl.SerialOf(await knot.SerialAsync(zone, cancellation));
        bool goesBack = served is { } has && SerialNumber.IsNewer(has, serial);
        if (!await FetchAsync(zone, mustTakeAll: isRepeated || goesBack || !hadMasters, cancellation))
            throw BackendException.Away($"{zone} was taken from knotd by somebody else");
    }

    /// <summary>Makes the remotes that the zones name as their masters, where they are not there.</summary>
    /// <exception cref="BackendException">knotd lacks their key, or cannot be told.</exception>
    public async Task EnsureRemotesAsync(DomainName zone, CancellationToken cancellation)
    {
        foreach (string id in _remotes.Ids)
        {
            if ((await knot.ReadAsync(KnotRemotes.Of(id), cancellation)).Error is null)
                continue;
            if (_remotes.Key is { } key && (await knot.ReadAsync(key, cancellation)).Verdict == KnotVerdict.NoSuchZone)
            {
                throw BackendException.Refused(
                    $"knotd has no key {source.KeyName}, by which it is to transfer zones: its configuration needs a key of that name");
            }

            KnotReply made = await knot.SetAsync(_remotes.Creation(id), cancellation);
            if (made.Verdict != KnotVerdict.AlreadyExists)
                KnotControl.Ensure(made, $"conf-set remote[{id}]", zone);
        }
    }
}
