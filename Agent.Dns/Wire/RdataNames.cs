using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>
/// Where names stand in the RDATA of a type, and what may be done with them. One table serves compression (RFC 1035 types only,
/// RFC 3597 4), decompression (also the older types listed there, and those seen compressed in the field) and canonical form
/// (RFC 4034 6.2 as amended by RFC 6840 5.1).
/// </summary>
/// <param name="Prefix">Fixed bytes before the first name.</param>
/// <param name="Strings">Character strings between those bytes and the names.</param>
/// <param name="Names">Names in a row.</param>
/// <param name="Tail">Bytes after the last name; -1 for any number.</param>
/// <param name="Compressible">May be compressed by a writer.</param>
/// <param name="Foldable">Lower case in canonical form.</param>
internal readonly record struct RdataNames(int Prefix, int Strings, int Names, int Tail, bool Compressible, bool Foldable)
{
    private const int AnyTail = -1;

    /// <summary>The layout of a type; no names at all for types that carry none or are unknown.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RdataNames Of(RecordType type) => type switch
    {
        RecordType.NS or RecordType.CNAME or RecordType.PTR or RecordType.MB or RecordType.MD or RecordType.MF or RecordType.MG
            or RecordType.MR =>
            new RdataNames(0, 0, 1, 0, Compressible: true, Foldable: true),
        RecordType.SOA => new RdataNames(0, 0, 2, 20, Compressible: true, Foldable: true),
        RecordType.MINFO => new RdataNames(0, 0, 2, 0, Compressible: true, Foldable: true),
        RecordType.MX => new RdataNames(2, 0, 1, 0, Compressible: true, Foldable: true),
        RecordType.RP => new RdataNames(0, 0, 2, 0, Compressible: false, Foldable: true),
        RecordType.AFSDB or RecordType.RT or RecordType.KX => new RdataNames(2, 0, 1, 0, Compressible: false, Foldable: true),
        RecordType.PX => new RdataNames(2, 0, 2, 0, Compressible: false, Foldable: true),
        RecordType.SIG or RecordType.RRSIG => new RdataNames(18, 0, 1, AnyTail, Compressible: false, Foldable: true),
        RecordType.NXT => new RdataNames(0, 0, 1, AnyTail, Compressible: false, Foldable: true),
        RecordType.NAPTR => new RdataNames(4, 3, 1, 0, Compressible: false, Foldable: true),
        RecordType.SRV => new RdataNames(6, 0, 1, 0, Compressible: false, Foldable: true),
        RecordType.DNAME or RecordType.NSAPPTR => new RdataNames(0, 0, 1, 0, Compressible: false, Foldable: type == RecordType.DNAME),
        _ => default,
    };

    /// <summary>Finds where the first name starts; -1 if the bytes end before it.</summary>
    public int FindFirstName(ReadOnlySpan<byte> rdata)
    {
        var position = Prefix;
        for (var i = 0; i < Strings && position < rdata.Length; i++) position += rdata[position] + 1;
        return position < rdata.Length ? position : -1;
    }

    /// <summary>True if so many bytes may follow the last name.</summary>
    public bool FitsTail(int bytes) => Tail == AnyTail || bytes == Tail;
}
