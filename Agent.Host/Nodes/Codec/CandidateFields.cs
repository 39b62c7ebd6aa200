using Agent.Actors.Guards;
using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>Content that a guard stopped, as others see it: never the content itself.</summary>
internal static class CandidateFields
{
    public static void Write(FieldWriter writer, CandidateStatus candidate)
    {
        writer.Unsigned(1, candidate.Serial);
        writer.Signed(2, candidate.Records);
        WriteHash(writer, 3, candidate.Hash);
        writer.Why(4, candidate.Reason);
        writer.Instant(5, candidate.Since);
        writer.Flag(6, candidate.IsRejected);
    }

    public static CandidateStatus? Read(ref FieldReader reader)
    {
        uint? serial = null;
        long? records = null;
        ContentHash? hash = null;
        Reason? reason = null;
        DateTimeOffset? since = null;
        bool isRejected = false;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: serial = reader.UInt32(); break;
                case 2: records = reader.Signed(); break;
                case 3: hash = ReadHash(ref reader); break;
                case 4: reason = reader.Why(); break;
                case 5: since = reader.Instant(); break;
                case 6: isRejected = reader.Flag(); break;
            }
        }
        return serial is null || reason is null || since is null
            ? null
            : new CandidateStatus(serial.Value, records, hash, reason, since.Value, isRejected);
    }

    public static void WriteHash(FieldWriter writer, int field, ContentHash? hash)
    {
        if (hash is not { } value) return;
        Span<byte> octets = stackalloc byte[ContentHash.Size];
        value.CopyTo(octets);
        writer.Octets(field, octets);
    }

    public static ContentHash? ReadHash(ref FieldReader reader)
    {
        if (ContentHash.TryFromBytes(reader.Octets(), out ContentHash hash)) return hash;
        reader.Break();
        return null;
    }
}
