using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Backends;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Contents;

/// <summary>Compares what a server serves with what it is to serve, record by record; the case of names is not counted.</summary>
public static class ContentDifferences
{
    /// <summary>Beyond this a difference is not held in memory.</summary>
    public const long LargestBytes = 16 << 20;

    /// <summary>What differs, a SOA among it; false when it cannot be told: too much differs, or large contents come in no order.</summary>
    /// <param name="served">What the server has.</param>
    /// <param name="wanted">What it is to have.</param>
    /// <param name="limit">Lines of each half.</param>
    /// <param name="sparesServers">Leaves out the records that a server makes by itself where it signs the zone, and the TTLs that
    /// are the server's to choose.</param>
    /// <param name="difference">Without any record where the contents are the same.</param>
    /// <exception cref="IOException">A content cannot be read.</exception>
    public static bool TryFind(
        ZoneContent served, ZoneContent wanted, int limit, bool sparesServers, [NotNullWhen(true)] out ContentDifference? difference)
    {
        difference = null;
        if (!ContentComparison.TryFindChange(served, wanted, LargestBytes, out ContentChange? change)) return false;
        if (sparesServers) change = TtlDifferences.Spare(ServerRecords.Spare(change), wanted);
        var foreign = new RecordLines(limit);
        var missing = new RecordLines(limit);
        byte[] servedSoa = SoaOf(served);
        byte[] wantedSoa = SoaOf(wanted);
        bool hasOtherSoa = !IsSameSoa(servedSoa, wantedSoa);
        long foreignCount = hasOtherSoa ? foreign.AddAll(servedSoa) : 0;
        long missingCount = hasOtherSoa ? missing.AddAll(wantedSoa) : 0;
        foreignCount += foreign.AddAll(change.Deleted);
        missingCount += missing.AddAll(change.Added);
        difference = new ContentDifference(foreignCount, missingCount, [.. foreign.Lines], [.. missing.Lines], ContentProof.Digest);
        return true;
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
