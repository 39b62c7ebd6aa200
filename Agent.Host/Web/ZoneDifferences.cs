using System.Text;
using Agent.Actors.Guards;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Records;
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

/// <summary>Compares what waits for an operator with what the zone has, for whoever must decide.</summary>
/// <remarks>Reads both contents from end to end, so one comparison runs at a time; who comes meanwhile is told so.</remarks>
internal sealed class ZoneDifferences(IActorRef region)
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
        if (answer is not ZoneStatus status) return Problems.UnknownZone(name.ToString());
        if (status.Candidate is not { IsRejected: false, Hash: { } hash } candidate)
            return Conflict(ReasonCode.NothingWaits, $"no content of {name} waits for a decision");
        if (Interlocked.Exchange(ref _isBusy, 1) == 1)
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "another comparison is running; ask again in a moment");
        try
        {
            ZoneContent? held = await ContentAsync(name, ofCandidate: false, stop);
            ZoneContent? waiting = await ContentAsync(name, ofCandidate: true, stop);
            if (waiting is null || !waiting.Hash.Equals(hash))
                return Conflict(ReasonCode.CandidateChanged, $"what waits for {name} is no longer what it was; ask again");
            if (held is null) return Conflict("nothing-held", $"there is nothing to compare with: {name} is not served");
            return await Task.Run(() => Compare(held, waiting, candidate, limit), stop);
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
        public Halves(DifferenceSequence difference, int limit)
        {
            using var records = new RecordStream(difference.Octets);
            using var text = new RecordTextBuffer();
            List<string> half = Added;
            while (records.TryRead(out StoredRecord record))
            {
                // Each half begins with its SOA, the old one first.
                if (record.Type == RecordType.SOA) half = ReferenceEquals(half, Added) ? Deleted : Added;
                if (half.Count == limit)
                {
                    IsTruncated = true;
                    continue;
                }

                text.Clear();
                RecordText.WriteLine(record.Owner, record.Ttl, record.Class, record.Type, record.Rdata, text);
                half.Add(Encoding.UTF8.GetString(text.Written).TrimEnd('\n'));
            }
        }

        public List<string> Deleted { get; } = [];

        public List<string> Added { get; } = [];

        public bool IsTruncated { get; }
    }
}
