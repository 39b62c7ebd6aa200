using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Bind9;

/// <summary>
/// Zones that named transfers by itself. The driver configures them and tells named when there is something to fetch:
/// <code>
///   known --> refresh (or retransfer, where the serial goes back) ------------------------------------------------> (told)
///     |          "no matching zone"
///     v             |
///   zonestatus &lt;----/
///     no zone: take away a file of an earlier one --> addzone, and named fetches it at once ----------------------> (told)
///     in named.conf --> refused
///     a secondary with our file: showzone, modzone if it differs --> refresh, or retransfer ----------------------> (told)
///     a primary with our file (data style before): delzone, addzone with the file that is there --> retransfer ---> (told)
///     any other: delzone, addzone --------------------------------------------------------------------------------> (told)
/// </code>
/// </summary>
/// <remarks>
/// A file keeps the format that it has, because named moves one away that it cannot read, and then has no version until it has fetched one.
/// A refresh asks for the serial first and passes over an older one; retransfer takes the whole zone, whatever its serial.
/// </remarks>
internal sealed class NamedSecondaries(
    NamedControl named, ZoneFolder folder, ZoneStanzas stanzas, ShownForms forms, TransferSource source)
{
    private volatile bool _isKeyKnown = source.KeyName is null;

    /// <summary>Has named fetch a version of a zone.</summary>
    /// <param name="order">Which.</param>
    /// <param name="applied">The serial that named was told to fetch before; null when nothing is known.</param>
    /// <param name="isRepeated">It was told to fetch this one and does not serve it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BackendException">named cannot be told, or refuses.</exception>
    public async Task ApplyAsync(ApplyZone order, uint? applied, bool isRepeated, CancellationToken cancellation)
    {
        await EnsureKeyAsync(cancellation);
        bool goesBack = applied is { } known && SerialNumber.IsNewer(known, order.Content.Serial);
        if (applied is null || !await FetchAsync(order.Zone, mustTakeAll: goesBack, cancellation))
            await ConfigureAsync(order, isRepeated, cancellation);
    }

    /// <summary>In what a zone that is shown with our file is configured otherwise, as a sentence; null when it is not.</summary>
    public async Task<string?> DifferenceAsync(DomainName zone, string shown, CancellationToken cancellation)
    {
        string path = folder.PathOf(zone);
        string wanted = FormOf(zone, path, ZoneStanza.IsRaw(shown));
        if (!ZoneStanza.IsSecondary(shown) || forms.IsSame(wanted, shown))
            return ZoneStanza.IsSecondary(shown) ? null : forms.Difference(wanted, shown);
        bool isOnlyWords = !forms.Knows(wanted) && await ModifyAsync(zone, path, ZoneStanza.IsRaw(shown), cancellation) == shown;
        return isOnlyWords ? null : forms.Difference(wanted, shown);
    }

    /// <summary>Why named does not serve what it has been told to fetch.</summary>
    public string NotFetched(DomainName zone, uint serial) =>
        $"named has not transferred serial {serial} of {zone} from {source.Text}; unless it is busy with that, its log says why";

    /// <summary>Whether named's configuration has the zone with a file of this driver.</summary>
    public async Task<bool> HasOurFileAsync(DomainName zone, CancellationToken cancellation) =>
        ZoneStanza.IsOfFile(await named.ShownFormAsync(zone, folder.PathOf(zone), cancellation));

    private async Task ConfigureAsync(ApplyZone order, bool isRepeated, CancellationToken cancellation)
    {
        (DomainName zone, uint serial) = (order.Zone, order.Content.Serial);
        string path = folder.PathOf(zone);
        RndcReply reply = await named.StatusAsync(zone, cancellation);
        if (reply.Verdict == RndcVerdict.NoSuchZone)
        {
            if (folder.IsHere)
                await folder.DeleteAsync(zone, NamedFiles.Companions);
            reply = await named.AddAsync(zone, StanzaOf(zone, path, isRaw: true), cancellation);
            if (reply.Verdict != RndcVerdict.AlreadyExists)
            {
                NamedControl.Ensure(reply, "addzone", zone);
                return;
            }

            reply = await named.StatusAsync(zone, cancellation);
        }

        NamedZoneStatus status = new(reply);
        if (status.IsStatic)
            throw BackendException.Refused($"{zone} stands in named.conf; take it out there");
        string? shown = await named.ShownFormAsync(zone, path, cancellation);
        // Of a zone without data named does not tell where it comes from.
        if (status.Serial is null && !ZoneStanza.IsOfFile(shown))
            throw BackendException.Refused($"named has {zone} without data, and with another file than {path}; it may stand in named.conf");
        bool goesBack = status.Serial is { } served && SerialNumber.IsNewer(served, serial);
        if (!ZoneStanza.IsOfFile(shown) || !ZoneStanza.IsSecondary(shown))
        {
            if (!order.MayTakeAway)
            {
                throw BackendException.Refused(
                    $"named has {zone} from another file, or as another type; it transfers it only when the zone is taken away and added "
                    + "anew, which re-add = never does not allow");
            }

            await ReplaceAsync(zone, path, shown, cancellation);
        }
        else if (!forms.IsSame(FormOf(zone, path, ZoneStanza.IsRaw(shown)), shown!))
        {
            await ModifyAsync(zone, path, ZoneStanza.IsRaw(shown), cancellation);
        }

        if (!await FetchAsync(zone, mustTakeAll: isRepeated || goesBack || status.IsPrimary, cancellation))
            throw BackendException.Away($"{zone} was taken from named by somebody else");
    }

    /// <summary>Gives the zone our configuration in place. What named shows then is ours in its words.</summary>
    private async Task<string?> ModifyAsync(DomainName zone, string path, bool isRaw, CancellationToken cancellation)
    {
        NamedControl.Ensure(await named.ModifyAsync(zone, StanzaOf(zone, path, isRaw), cancellation), "modzone", zone);
        string? shown = await named.ShownFormAsync(zone, path, cancellation);
        if (shown is not null)
            forms.Learn(FormOf(zone, path, isRaw), shown);
        return shown;
    }

    /// <summary>
    /// modzone takes another type into the configuration, but goes on with the old one until the next start. With the file that is there
    /// the zone is served again as soon as it is added.
    /// </summary>
    private async Task ReplaceAsync(DomainName zone, string path, string? shown, CancellationToken cancellation)
    {
        bool keepsFile = ZoneStanza.IsOfFile(shown);
        RndcReply gone = await named.DeleteAsync(zone, withFiles: false, cancellation);
        if (gone.Verdict != RndcVerdict.NoSuchZone)
            NamedControl.Ensure(gone, "delzone", zone);
        if (folder.IsHere && keepsFile)
            await folder.DeleteCompanionsAsync(zone, NamedFiles.Journals);
        else if (folder.IsHere)
            await folder.DeleteAsync(zone, NamedFiles.Companions);
        string stanza = StanzaOf(zone, path, isRaw: !keepsFile || ZoneStanza.IsRaw(shown));
        NamedControl.Ensure(await named.AddAsync(zone, stanza, cancellation), "addzone", zone);
    }

    /// <summary>False when named does not have the zone.</summary>
    private async Task<bool> FetchAsync(DomainName zone, bool mustTakeAll, CancellationToken cancellation)
    {
        RndcReply told = mustTakeAll
            ? await named.RetransferAsync(zone, cancellation)
            : await named.RefreshAsync(zone, cancellation);
        if (told.Verdict == RndcVerdict.NoSuchZone)
            return false;
        NamedControl.Ensure(told, mustTakeAll ? "retransfer" : "refresh", zone);
        return true;
    }

    /// <summary>named adds a zone whose key it does not have, and never transfers it; only its log says why.</summary>
    private async Task EnsureKeyAsync(CancellationToken cancellation)
    {
        if (_isKeyKnown)
            return;
        RndcReply keys = await named.KeysAsync(cancellation);
        if (keys.Verdict == RndcVerdict.Done && !keys.Text.Contains($"key \"{source.KeyName}\"", StringComparison.OrdinalIgnoreCase))
        {
            throw BackendException.Refused(
                $"named has no key {source.KeyName}, by which it is to transfer zones: named.conf needs a key statement of that name");
        }

        _isKeyKnown = true;
    }

    private string FormOf(DomainName zone, string path, bool isRaw) => ZoneStanza.Canonical(StanzaOf(zone, path, isRaw), path)!;

    private string StanzaOf(DomainName zone, string path, bool isRaw) => stanzas.For(zone).ComposeSecondary(path, isRaw, source);
}
