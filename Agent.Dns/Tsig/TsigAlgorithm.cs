using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>The MAC algorithms of TSIG (RFC 8945 6).</summary>
public enum TsigAlgorithm : byte
{
    /// <summary>Broken; only for peers that know nothing else, and only if the operator says so.</summary>
    HmacMd5,

    /// <summary>For old peers.</summary>
    HmacSha1,

    /// <summary>28 bytes.</summary>
    HmacSha224,

    /// <summary>32 bytes, the usual choice.</summary>
    HmacSha256,

    /// <summary>48 bytes.</summary>
    HmacSha384,

    /// <summary>64 bytes.</summary>
    HmacSha512,
}

/// <summary>Names and sizes of the algorithms.</summary>
public static class TsigAlgorithms
{
    /// <summary>The longest MAC of any algorithm.</summary>
    public const int MaximumMacLength = 64;

    private static readonly DomainName[] Names =
    [
        DomainName.Parse("hmac-md5.sig-alg.reg.int."),
        DomainName.Parse("hmac-sha1."),
        DomainName.Parse("hmac-sha224."),
        DomainName.Parse("hmac-sha256."),
        DomainName.Parse("hmac-sha384."),
        DomainName.Parse("hmac-sha512."),
    ];

    /// <summary>The name that stands for the algorithm on the wire, in lower case.</summary>
    public static DomainName NameOf(TsigAlgorithm algorithm) => Names[(int)algorithm];

    /// <summary>Bytes of a whole MAC.</summary>
    public static int MacLengthOf(TsigAlgorithm algorithm) => algorithm switch
    {
        TsigAlgorithm.HmacMd5 => 16,
        TsigAlgorithm.HmacSha1 => 20,
        TsigAlgorithm.HmacSha224 => 28,
        TsigAlgorithm.HmacSha256 => 32,
        TsigAlgorithm.HmacSha384 => 48,
        _ => MaximumMacLength,
    };

    /// <summary>The shortest MAC that a message may carry at all: half of the whole, and at least 10 bytes (RFC 8945 5.2.2.1).</summary>
    public static int ShortestMacOf(TsigAlgorithm algorithm) => Math.Max(10, MacLengthOf(algorithm) / 2);

    /// <summary>Reads names such as <c>hmac-sha256</c>, with or without final dot; MD5 also in its short form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TsigAlgorithm algorithm)
    {
        algorithm = default;
        if (!DomainName.TryParse(text, out var name)) return false;
        if (text.TrimEnd('.').Equals("hmac-md5", StringComparison.OrdinalIgnoreCase)) return true;
        return TryFromName(name, out algorithm);
    }

    /// <summary>Finds the algorithm of a wire name.</summary>
    public static bool TryFromName([NotNullWhen(true)] DomainName? name, out TsigAlgorithm algorithm)
    {
        var index = name is null ? -1 : Array.IndexOf(Names, name);
        algorithm = (TsigAlgorithm)Math.Max(index, 0);
        return index >= 0;
    }
}
