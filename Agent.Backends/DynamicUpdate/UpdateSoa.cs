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
        return records.TryRead(out StoredRecord record) && record.Type == RecordType.SOA
            ? new UpdateSoa(content.Apex, record.Ttl, record.Rdata.ToArray())
            : throw new IOException($"The content of {content.Apex} cannot be read: {records.Error.Text()}");
    }

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
