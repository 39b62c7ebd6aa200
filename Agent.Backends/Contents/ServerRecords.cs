using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Contents;

/// <summary>
/// Records that a server makes by itself where it signs a zone: keys, signatures, denials and their parameters. They are no difference to
/// be told or put right. Contents that have them are not for an update: named refuses some, and takes a key for the order to sign.
/// </summary>
internal static class ServerRecords
{
    // named notes its progress with signing in records of this type (sig-signing-type).
    private const RecordType SigningProgress = (RecordType)65534;

    /// <summary>The change without what belongs to a server that signs.</summary>
    public static ContentChange Spare(ContentChange change)
    {
        using RecordStream deleted = new(change.Deleted);
        while (deleted.TryRead(out StoredRecord record))
        {
            if (record.Type == RecordType.RRSIG)
                return change with { Deleted = Others(change.Deleted) };
        }

        return change;
    }

    /// <summary>Owner and type of a record that no update brings; null when there is none.</summary>
    public static string? FindIn(ContentChange change)
    {
        using RecordStream added = new(change.Added);
        while (added.TryRead(out StoredRecord record))
        {
            if (IsMadeBySigning(record.Type) && DomainName.TryFromWire(record.Owner, out DomainName? owner))
                return $"{owner} {RecordTypeText.ToText(record.Type)}";
        }

        return null;
    }

    // SIG and NXT are those of RFC 2535.
    private static bool IsMadeBySigning(RecordType type) => type is RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3
        or RecordType.NSEC3PARAM or RecordType.DNSKEY or RecordType.SIG or RecordType.NXT or SigningProgress;

    private static ReadOnlyMemory<byte> Others(ReadOnlyMemory<byte> half)
    {
        using RecordStream records = new(half);
        using MemoryStream others = new();
        while (records.TryRead(out StoredRecord record))
        {
            if (!IsMadeBySigning(record.Type) && record.Type is not (RecordType.CDS or RecordType.CDNSKEY))
                others.Write(record.Whole);
        }

        return others.ToArray();
    }
}
