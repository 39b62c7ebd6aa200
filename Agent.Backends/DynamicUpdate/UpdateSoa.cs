using System.Buffers.Binary;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.DynamicUpdate;

/// <summary>A zone's SOA as it stands in its content.</summary>
/// <param name="Apex">The zone.</param>
/// <param name="Ttl">Its TTL in seconds.</param>
/// <param name="Rdata">Its data; the names are not compressed.</param>
internal sealed record UpdateSoa(DomainName Apex, uint Ttl, byte[] Rdata)
{
    /// <summary>The serial in the data.</summary>
    public uint Serial => BinaryPrimitives.ReadUInt32BigEndian(Rdata.AsSpan(^SoaNumbers.Size));

    /// <summary>The first record of a content.</summary>
    /// <exception cref="IOException">The content cannot be read.</exception>
    public static UpdateSoa Of(ZoneContent content)
    {
        using RecordStream records = content.Open();
        return First(content.Apex, records);
    }

    /// <summary>The SOA that records in the stored form begin with.</summary>
    /// <exception cref="IOException">They do not begin with one.</exception>
    public static UpdateSoa Of(DomainName apex, ReadOnlyMemory<byte> octets)
    {
        using RecordStream records = new(octets);
        return First(apex, records);
    }

    private static UpdateSoa First(DomainName apex, RecordStream records) =>
        records.TryRead(out StoredRecord record) && record.Type == RecordType.SOA
            ? new UpdateSoa(apex, record.Ttl, record.Rdata.ToArray())
            : throw new IOException($"The records of {apex} cannot be read: {records.Error.Text()}");

    /// <summary>TTL and data are the same, the case of names not counted.</summary>
    public bool IsSame(UpdateSoa other)
    {
        byte[] one = [.. Rdata];
        byte[] another = [.. other.Rdata];
        RdataCanonical.Fold(RecordType.SOA, one);
        RdataCanonical.Fold(RecordType.SOA, another);
        return Ttl == other.Ttl && one.AsSpan().SequenceEqual(another);
    }

    /// <summary>The same with another serial.</summary>
    public UpdateSoa WithSerial(uint serial)
    {
        byte[] rdata = [.. Rdata];
        BinaryPrimitives.WriteUInt32BigEndian(rdata.AsSpan(^SoaNumbers.Size), serial);
        return this with { Rdata = rdata };
    }
}
