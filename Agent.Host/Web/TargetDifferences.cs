using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Web;

/// <summary>What a target serves beside what is held, as JSON: records in the form of master files.</summary>
/// <param name="Target">As it was asked for.</param>
/// <param name="ServedSerial">Of what the target serves.</param>
/// <param name="HeldSerial">Of what it is to serve.</param>
/// <param name="IsEqual">Every record is the same; the case of names is not counted.</param>
/// <param name="ForeignCount">Records that the target serves and that are not held, a SOA that differs among them.</param>
/// <param name="MissingCount">Records that are held and that the target does not serve, a SOA that differs among them.</param>
/// <param name="Foreign">The first of those.</param>
/// <param name="Missing">The first of these.</param>
/// <param name="IsTruncated">There are more than were asked for.</param>
public sealed record TargetDifferenceModel(
    string Zone,
    string Target,
    uint ServedSerial,
    uint HeldSerial,
    bool IsEqual,
    long ForeignCount,
    long MissingCount,
    IReadOnlyList<string> Foreign,
    IReadOnlyList<string> Missing,
    bool IsTruncated);

/// <summary>Compares what a target serves with what the zone holds, record by record.</summary>
internal static class TargetDifferences
{
    private const long LargestDifference = 16 << 20;
    private const long ReadAtLeastBytes = 64L << 20;

    /// <exception cref="IOException">A content cannot be read.</exception>
    public static async Task<IResult> CompareAsync(
        ZoneContent held, string target, IServedZones zones, int limit, CancellationToken stop)
    {
        long readMax = Math.Max(ReadAtLeastBytes, 4 * held.ByteCount);
        using ServedAnswer served = await zones.ReadAsync(target, held.Apex, readMax, stop);
        if (served.Content is not { } content)
            return Problems.Of(StatusCodes.Status409Conflict, served.Code, served.Text);
        if (!ContentComparison.TryFindChange(content, held, LargestDifference, out ContentChange? change))
        {
            return Problems.Of(
                StatusCodes.Status409Conflict,
                "not-comparable",
                $"the contents cannot be compared: their difference is above {LargestDifference >> 20} MiB, "
                + "or their names come in no order and they are large");
        }

        return Results.Json(Model(held, content, target, change, limit));
    }

    private static TargetDifferenceModel Model(ZoneContent held, ZoneContent served, string target, ContentChange change, int limit)
    {
        var foreign = new RecordLines(limit);
        var missing = new RecordLines(limit);
        byte[] servedSoa = SoaOf(served);
        byte[] heldSoa = SoaOf(held);
        bool hasOtherSoa = !IsSameSoa(servedSoa, heldSoa);
        long foreignCount = hasOtherSoa ? foreign.AddAll(servedSoa) : 0;
        long missingCount = hasOtherSoa ? missing.AddAll(heldSoa) : 0;
        foreignCount += foreign.AddAll(change.Deleted);
        missingCount += missing.AddAll(change.Added);
        return new TargetDifferenceModel(
            held.Apex.ToString(),
            target,
            served.Serial,
            held.Serial,
            foreignCount + missingCount == 0,
            foreignCount,
            missingCount,
            foreign.Lines,
            missing.Lines,
            foreign.IsTruncated || missing.IsTruncated);
    }

    private static byte[] SoaOf(ZoneContent content)
    {
        using RecordStream records = content.Open();
        return records.TryRead(out StoredRecord soa) ? soa.Whole.ToArray()
            : throw new IOException($"The content of {content.Apex} cannot be read: {records.Error.Text()}");
    }

    private static bool IsSameSoa(byte[] left, byte[] right)
    {
        StoredRecord.Read(left, out StoredRecord one);
        StoredRecord.Read(right, out StoredRecord other);
        byte[] oneData = one.Rdata.ToArray();
        byte[] otherData = other.Rdata.ToArray();
        RdataCanonical.Fold(RecordType.SOA, oneData);
        RdataCanonical.Fold(RecordType.SOA, otherData);
        return oneData.AsSpan().SequenceEqual(otherData);
    }
}
