using Agent.Actors.Guards;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Backends.Contents;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Web;

/// <summary>What content that a guard stopped would change, as JSON: records in the form of master files.</summary>
/// <param name="FromSerial">Of what is held now.</param>
/// <param name="ToSerial">Of what waits.</param>
/// <param name="RemovedCount">Records that would go, the SOA not counted.</param>
/// <param name="AddedCount">Records that would come, the SOA not counted.</param>
/// <param name="Removed">The first of them, behind the old SOA.</param>
/// <param name="Added">The first of them, behind the new SOA.</param>
/// <param name="IsTruncated">There are more than were asked for.</param>
public sealed record ZoneDifferenceModel(
    string Zone,
    uint FromSerial,
    uint ToSerial,
    long RemovedCount,
    long AddedCount,
    IReadOnlyList<string> Removed,
    IReadOnlyList<string> Added,
    bool IsTruncated,
    ReasonModel? Reason);

/// <summary>
/// Compares what waits for an operator with what the zone has, for whoever must decide; and what the zone has with what a target serves.
/// </summary>
/// <remarks>Reads both contents from end to end, so one comparison runs at a time; who comes meanwhile is told so.</remarks>
internal sealed class ZoneDifferences(IActorRef region, IServedZones? served)
{
    private const long LargestDifference = 16 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A content that another node holds comes over the link first.
    private static readonly TimeSpan ContentPatience = TimeSpan.FromSeconds(60);
    private int _isBusy;

    /// <param name="limit">Lines of each half, the SOA among them.</param>
    public async Task<IResult> CompareAsync(DomainName name, int limit, CancellationToken stop)
    {
        object answer = await region.Ask<object>(new GetZone(name), Patience, stop);
        if (answer is not ZoneStatus status) return Problems.WithoutStatus(name, answer);
        if (status.Candidate is not { IsRejected: false, Hash: { } hash } candidate)
            return Conflict(ReasonCode.NothingWaits, $"no content of {name} waits for a decision");
        return await AloneAsync(async () =>
        {
            ZoneContent? held = await ContentAsync(name, ofCandidate: false, stop);
            ZoneContent? waiting = await ContentAsync(name, ofCandidate: true, stop);
            if (waiting is null || !waiting.Hash.Equals(hash))
                return Conflict(ReasonCode.CandidateChanged, $"what waits for {name} is no longer what it was; ask again");
            if (held is null) return Conflict("nothing-held", $"there is nothing to compare with: {name} is not served");
            return await Task.Run(() => Compare(held, waiting, candidate, limit), stop);
        });
    }

    /// <summary>Compares what a target serves with what the zone has.</summary>
    /// <param name="limit">Lines of each half.</param>
    public async Task<IResult> CompareWithTargetAsync(DomainName name, string target, int limit, CancellationToken stop)
    {
        object answer = await region.Ask<object>(new GetZone(name), Patience, stop);
        if (answer is not ZoneStatus) return Problems.WithoutStatus(name, answer);
        if (served is null) return Conflict("target-without-server", "this agent has no target that can be asked");
        return await AloneAsync(async () => await ContentAsync(name, ofCandidate: false, stop) is { } held
            ? await Task.Run(() => TargetDifferences.CompareAsync(held, target, served, limit, stop), stop)
            : Conflict("nothing-held", $"there is nothing to compare with: no content of {name} is held"));
    }

    private async Task<IResult> AloneAsync(Func<Task<IResult>> compare)
    {
        if (Interlocked.Exchange(ref _isBusy, 1) == 1)
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "another comparison is running; ask again in a moment");
        try
        {
            return await compare();
        }
        catch (IOException failure)
        {
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "content-away", failure.Message);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    private async Task<ZoneContent?> ContentAsync(DomainName name, bool ofCandidate, CancellationToken stop) =>
        (await region.Ask<ZoneContentReply>(new GetZoneContent(name, ofCandidate), ContentPatience, stop)).Content;

    private static IResult Compare(ZoneContent held, ZoneContent waiting, CandidateStatus candidate, int limit)
    {
        // Differences lead to a newer serial. What goes back to an older one is compared the other way around.
        bool isForward = SerialNumber.IsNewer(waiting.Serial, held.Serial);
        (ZoneContent from, ZoneContent to) = isForward ? (held, waiting) : (waiting, held);
        if (!ContentComparison.TryCompare(from, to, LargestDifference, out DifferenceSequence? difference))
        {
            return Conflict(
                "not-comparable",
                $"the contents cannot be compared: their difference is above {LargestDifference >> 20} MiB, their serials have no order, "
                + "or their names come in no order and they are large");
        }

        var halves = new Halves(difference, limit);
        (List<string> removed, List<string> added) = isForward ? (halves.Deleted, halves.Added) : (halves.Added, halves.Deleted);
        (long removedCount, long addedCount) = isForward
            ? (difference.DeletedCount, difference.AddedCount)
            : (difference.AddedCount, difference.DeletedCount);
        return Results.Json(new ZoneDifferenceModel(
            held.Apex.ToString(), held.Serial, waiting.Serial, removedCount, addedCount, removed, added, halves.IsTruncated,
            ReasonModel.Of(candidate.Reason, candidate.Since)));
    }

    private static IResult Conflict(string code, string text) => Problems.Of(StatusCodes.Status409Conflict, code, text);

    /// <summary>The records of a difference of one step, as text.</summary>
    private sealed class Halves
    {
        private readonly RecordLines _deleted;
        private readonly RecordLines _added;

        public Halves(DifferenceSequence difference, int limit)
        {
            (_deleted, _added) = (new RecordLines(limit), new RecordLines(limit));
            using var records = new RecordStream(difference.Octets);
            RecordLines half = _added;
            while (records.TryRead(out StoredRecord record))
            {
                // Each half begins with its SOA, the old one first.
                if (record.Type == RecordType.SOA) half = ReferenceEquals(half, _added) ? _deleted : _added;
                half.Add(record);
            }
        }

        public List<string> Deleted => _deleted.Lines;

        public List<string> Added => _added.Lines;

        public bool IsTruncated => _deleted.IsTruncated || _added.IsTruncated;
    }
}
