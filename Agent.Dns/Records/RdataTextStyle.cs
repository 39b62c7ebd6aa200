using System.Collections.Frozen;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>
/// Which types a reader of our text does not know, so that they are written in the form of RFC 3597 that every server reads:
/// <c>TYPEnnn \# length hex</c>, and <c>TYPEnnn</c> in type bitmaps.
/// </summary>
public sealed class RdataTextStyle
{
    private const int TableSize = 512;

    private readonly FrozenSet<RecordType> _generic;

    // The answer for every type that is common, so that a million records cost no hashing.
    private readonly byte[]?[] _mnemonics = new byte[]?[TableSize];

    /// <summary>A style that writes these types generically, besides those that we have no text form for.</summary>
    public RdataTextStyle(IEnumerable<RecordType> generic)
    {
        _generic = generic.ToFrozenSet();
        for (var type = 0; type < TableSize; type++)
        {
            var mnemonic = RecordTypeText.MnemonicOf((RecordType)type);
            if (!mnemonic.IsEmpty && !_generic.Contains((RecordType)type)) _mnemonics[type] = mnemonic.ToArray();
        }
    }

    /// <summary>Every type in its own form.</summary>
    public static RdataTextStyle Standard { get; } = new([]);

    /// <summary>For BIND 9.18, all releases: the newest types came in during its life.</summary>
    /// <remarks>BIND refuses MD and MF in every form.</remarks>
    public static RdataTextStyle Bind918 { get; } = new(YoungTypes);

    /// <summary>For NSD 4.6.</summary>
    public static RdataTextStyle Nsd46 { get; } =
        new([.. YoungTypes, RecordType.NSAPPTR, RecordType.GPOS, RecordType.HIP, RecordType.AMTRELAY, RecordType.TA]);

    /// <summary>For Knot DNS 3.2.</summary>
    public static RdataTextStyle Knot32 { get; } = new([.. YoungTypes, .. UnknownToKnot]);

    /// <summary>For gdnsd 3.8, which reads the forms of these types only, and these in no other form. CAA it reads, but not every
    /// one.</summary>
    public static RdataTextStyle Gdnsd38 { get; } = new(Enum.GetValues<RecordType>().Except(
    [
        RecordType.SOA, RecordType.A, RecordType.AAAA, RecordType.NS, RecordType.PTR, RecordType.CNAME, RecordType.MX, RecordType.SRV,
        RecordType.TXT, RecordType.NAPTR,
    ]));

    /// <summary>For the API of PowerDNS 4.7.</summary>
    public static RdataTextStyle PowerDns47 { get; } = new([.. YoungTypes, .. UnknownToPowerDns]) { HasStrictParameters = true };

    /// <summary>For the tables of PowerDNS 4.7, where names in data have no final dot.</summary>
    public static RdataTextStyle PowerDnsTables47 { get; } = new([.. YoungTypes, .. UnknownToPowerDns])
    {
        HasStrictParameters = true,
        HasFinalDots = false,
    };

    /// <summary>For a reader that may be any of the three.</summary>
    public static RdataTextStyle Common { get; } = new(Bind918._generic.Union(Nsd46._generic).Union(Knot32._generic));

    private static RecordType[] YoungTypes => [RecordType.DSYNC, RecordType.RESINFO, RecordType.WALLET];

    private static RecordType[] UnknownToKnot =>
    [
        RecordType.MD, RecordType.MF, RecordType.MB, RecordType.MG, RecordType.MR, RecordType.NULL, RecordType.WKS, RecordType.X25,
        RecordType.ISDN, RecordType.NSAP, RecordType.NSAPPTR, RecordType.SIG, RecordType.PX, RecordType.GPOS, RecordType.NXT, RecordType.A6,
        RecordType.HIP, RecordType.AVC, RecordType.AMTRELAY, RecordType.TA, RecordType.DLV,
    ];

    private static RecordType[] UnknownToPowerDns =>
    [
        RecordType.MD, RecordType.MF, RecordType.NULL, RecordType.WKS, RecordType.X25, RecordType.ISDN, RecordType.RT,
        RecordType.NSAP, RecordType.NSAPPTR, RecordType.SIG, RecordType.PX, RecordType.GPOS, RecordType.NXT, RecordType.A6,
        RecordType.HIP, RecordType.AVC, RecordType.AMTRELAY, RecordType.TA,
    ];

    /// <summary>
    /// Parameters of SVCB as PowerDNS itself writes them, which it insists on: quotes around protocols only where they need them, around
    /// keys for ECH always, and an empty value of a key without a name as <c>""</c>.
    /// </summary>
    internal bool HasStrictParameters { get; init; }

    /// <summary>Names end with a dot, as everywhere but in some databases.</summary>
    internal bool HasFinalDots { get; init; } = true;

    /// <summary>True if the type has to be written as <c>TYPEnnn</c>.</summary>
    public bool IsGeneric(RecordType type) => MnemonicOf(type).IsEmpty;

    /// <summary>The mnemonic that the reader knows; empty for a type that has to be written by number.</summary>
    internal ReadOnlySpan<byte> MnemonicOf(RecordType type)
    {
        if ((int)type < TableSize) return _mnemonics[(int)type];
        return _generic.Contains(type) ? default : RecordTypeText.MnemonicOf(type);
    }

    internal void WriteType(RecordType type, RecordTextBuffer text)
    {
        var mnemonic = MnemonicOf(type);
        text.Write(mnemonic.IsEmpty ? "TYPE"u8 : mnemonic);
        if (mnemonic.IsEmpty) text.WriteNumber((ushort)type);
    }
}
