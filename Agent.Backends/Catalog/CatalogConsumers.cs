using Agent.Backends.Shared;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>The servers that read the catalog, as far as they tell what they serve.</summary>
internal sealed class CatalogConsumers
{
    private readonly ServerProbe[] _probes;
    private readonly int _required;

    public CatalogConsumers(IReadOnlyList<CatalogConsumer> consumers, int required, TimeProvider time)
    {
        _probes = [.. consumers.Select(consumer => new ServerProbe(consumer.Server, time))];
        _required = required;
    }

    /// <summary>What each of them says of a zone.</summary>
    public Task<ServerFinding[]> AskAsync(DomainName zone, CancellationToken cancellation) =>
        Task.WhenAll(_probes.Select(probe => probe.AskAsync(zone, cancellation)));

    /// <summary>The newest serial of a zone that any of them has; null when none has it.</summary>
    public async Task<uint?> NewestSerialAsync(DomainName zone, CancellationToken cancellation) =>
        Newest(await AskAsync(zone, cancellation));

    /// <summary>The newest serial that any of them has; null when none has the zone.</summary>
    public static uint? Newest(IEnumerable<ServerFinding> findings)
    {
        uint? newest = null;
        foreach (uint serial in SerialsOf(findings))
        {
            if (newest is not { } best || SerialNumber.IsNewer(serial, best)) newest = serial;
        }

        return newest;
    }

    /// <summary>Returns when enough of them answer, whatever they say.</summary>
    /// <exception cref="BackendException">They do not.</exception>
    public async Task ProbeAsync(DomainName zone, CancellationToken cancellation)
    {
        ServerFinding[] findings = await AskAsync(zone, cancellation);
        string[] silent = [.. findings.Where(finding => finding.Answer is null).Select(finding => finding.Text)];
        if (findings.Length - silent.Length < _required) throw BackendException.Away(string.Join("; ", silent));
    }

    /// <summary>What the consumers together serve of a member.</summary>
    /// <param name="findings">What each of them says.</param>
    /// <param name="wanted">The serial that enough of them must have, each this one and no newer; null where any will do.</param>
    public ZoneSighting JudgeMember(IReadOnlyList<ServerFinding> findings, uint? wanted)
    {
        ServerFinding[] serving = [.. findings.Where(finding => finding.Kind == SoaAnswerKind.Authoritative)];
        string others = string.Join("; ", findings.Where(f => f.Kind != SoaAnswerKind.Authoritative).Select(f => f.Text));
        if (serving.Length >= _required) return Common(serving, wanted);
        bool areHeard = findings.Count(finding => finding.Kind != SoaAnswerKind.CannotTell) >= _required;
        return areHeard
            ? ZoneSighting.Absent with { Reason = new(Actors.Reasons.ReasonCode.VerifyStale, others) }
            : ZoneSighting.CannotTell(others);
    }

    /// <summary>What they serve of a zone that is no member.</summary>
    /// <param name="isLeaving">It was taken out in this run, so that who serves it has not followed yet.</param>
    public ZoneSighting JudgeOther(IReadOnlyList<ServerFinding> findings, bool isLeaving)
    {
        if (findings.FirstOrDefault(finding => finding.Kind == SoaAnswerKind.Authoritative) is { Answer: { } answer } served)
        {
            // Never present in a plain way: with the wanted serial it would pass for level, and the zone would not become a member.
            return isLeaving
                ? ZoneSighting.Present(answer.Serial).NotAsGiven($"{served.Text} although the catalog does not have it any more")
                : ZoneSighting.CannotTell($"{served.Text} although the catalog does not have it");
        }

        return findings.Count(finding => finding.Kind == SoaAnswerKind.Absent) >= _required
            ? ZoneSighting.Absent
            : ZoneSighting.CannotTell(
                string.Join("; ", findings.Where(f => f.Kind == SoaAnswerKind.CannotTell).Select(f => f.Text)));
    }

    /// <summary>The wanted serial if enough of them have it, else that of one that has another.</summary>
    private ZoneSighting Common(ServerFinding[] serving, uint? wanted)
    {
        ServerFinding[] others = [.. serving.Where(finding => finding.Answer!.Value.Serial != wanted)];
        if (serving.Length - others.Length >= _required) return ZoneSighting.Present(wanted!.Value);
        ZoneSighting other = ZoneSighting.Present(others[0].Answer!.Value.Serial);
        return wanted is null ? other : other.NotAsGiven(string.Join("; ", others.Select(finding => finding.Text)));
    }

    private static List<uint> SerialsOf(IEnumerable<ServerFinding> findings) =>
        [.. findings.Where(finding => finding.Kind == SoaAnswerKind.Authoritative).Select(finding => finding.Answer!.Value.Serial)];
}
