using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>Canonical form and order of RDATA (RFC 4034 6.2 and 6.3, as amended by RFC 6840 5.1).</summary>
public static class RdataCanonical
{
    /// <summary>
    /// Lowers the names inside uncompressed RDATA in place, for the types that the standards list; NSEC is no longer among them.
    /// RDATA that does not fit its type stays as it is from the misfit on.
    /// </summary>
    public static void Fold(RecordType type, Span<byte> rdata)
    {
        var names = RdataNames.Of(type);
        if (!names.Foldable) return;
        var position = names.FindFirstName(rdata);
        for (var i = 0; i < names.Names && position >= 0; i++)
        {
            if (!NameBytes.TryMeasure(rdata[position..], out var length)) return;
            NameBytes.Fold(rdata.Slice(position, length));
            position += length;
        }
    }

    /// <summary>Order of records within a set: RDATA in canonical form as unsigned bytes, a prefix before what it begins.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.SequenceCompareTo(right);
}
