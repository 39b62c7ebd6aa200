using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Bind9;

/// <content>How a zone is taken away, and what is left of one that named never took.</content>
public sealed partial class Bind9Backend
{
    private const int NeverTakenMax = 10_000;

    // Zones that named refused because it has not got the view. It refuses to take them away for the same reason.
    private readonly ConcurrentDictionary<DomainName, bool> _neverTaken = new();

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        RndcReply found = await _named.StatusAsync(zone, cancellation);
        if (found.Verdict == RndcVerdict.NoSuchView && _neverTaken.ContainsKey(zone))
            return;
        bool isHere = _secondaries is null || _folder.IsHere;
        // It would be gone until the next start only, and a zone of the same name added by us would keep named from starting at all.
        if (new NamedZoneStatus(found).IsStatic)
            throw BackendException.Refused($"{zone} stands in named.conf; take it out there");
        string? former = null;
        if (found.Verdict != RndcVerdict.NoSuchZone)
        {
            former = await FormerFileAsync(zone, new NamedZoneStatus(found), cancellation);
            RndcReply reply = await _named.DeleteAsync(zone, withFiles: !isHere, cancellation);
            if (reply.Verdict != RndcVerdict.NoSuchZone)
                NamedControl.Ensure(reply, "delzone", zone);
        }

        _appliedSerials.TryRemove(zone, out uint _);
        if (isHere)
            await _folder.DeleteAsync(zone, NamedFiles.Companions);
        if (former is not null)
            FormerFile.Delete(former, NamedFiles.Companions);
        _removals.Note(zone);
    }

    private void NoteAnswer(DomainName zone, RndcReply added)
    {
        if (added.Verdict != RndcVerdict.NoSuchView)
            _neverTaken.TryRemove(zone, out bool _);
        else if (_neverTaken.Count < NeverTakenMax)
            _neverTaken[zone] = true;
    }

    /// <summary>Of a zone with another file than ours, that file, if this driver gave it; null otherwise.</summary>
    private async Task<string?> FormerFileAsync(DomainName zone, NamedZoneStatus status, CancellationToken cancellation)
    {
        if (_secondaries is not null || !status.IsPrimary || !FormerFile.IsPossible(status.File, _folder, zone))
            return null;
        return ZoneStanza.IsOfDriver(await _named.ShownFormAsync(zone, status.File!, cancellation)) ? status.File : null;
    }

    /// <summary>Without the view there is no zone in it; only of one that was never there that is believed, and only with DNS.</summary>
    private ZoneSighting WithoutView(DomainName zone, ServerFinding finding, RndcReply status)
    {
        ZoneSighting seen = ZoneSighting.From(finding);
        if (seen.Observation == Observation.Absent && _neverTaken.ContainsKey(zone))
            return seen;
        return ZoneSighting.CannotTell($"named does not tell of {zone}: {status.Explanation}; {finding.Text}");
    }
}
