using System.Collections.Concurrent;
using Agent.Backends.Shared;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>
/// Which members each consumer was seen to serve, so that one that it does not serve any more is known as lost there (deleted by hand,
/// say), in difference to one that it has not come to yet.
/// </summary>
/// <remarks>Safe for any number of callers. Of a consumer behind the first 64 nothing is noted.</remarks>
internal sealed class CatalogHoldings
{
    private const int ConsumersMax = 64;

    // A bit for each consumer, by its place in the list.
    private readonly ConcurrentDictionary<DomainName, ulong> _servedBy = new();

    /// <summary>Notes what they said of a member; whether one of them served it when it was asked before, and does not have it now. That is
    /// said once.</summary>
    public bool IsLost(DomainName zone, IReadOnlyList<ServerFinding> findings)
    {
        ulong serve = BitsOf(findings, SoaAnswerKind.Authoritative);
        ulong lack = BitsOf(findings, SoaAnswerKind.Absent);
        bool isLost = false;
        _servedBy.AddOrUpdate(zone, serve, (_, before) =>
        {
            isLost = (before & lack) != 0;
            return (before | serve) & ~lack;
        });
        return isLost;
    }

    /// <summary>Consumers are to let the zone go, for good or to begin anew with it.</summary>
    public void Forget(DomainName zone) => _servedBy.TryRemove(zone, out _);

    private static ulong BitsOf(IReadOnlyList<ServerFinding> findings, SoaAnswerKind kind)
    {
        ulong bits = 0;
        for (int consumer = 0; consumer < Math.Min(findings.Count, ConsumersMax); consumer++)
        {
            if (findings[consumer].Kind == kind) bits |= 1UL << consumer;
        }

        return bits;
    }
}
