using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>A shared secret under a name, for one algorithm (RFC 8945 2). Immutable; its text never shows the secret.</summary>
public sealed class TsigKey
{
    private readonly byte[] _secret;

    /// <summary>Takes a copy of the secret.</summary>
    /// <param name="name">The name both sides know the key by.</param>
    /// <param name="algorithm">The only algorithm this key is used with.</param>
    /// <param name="secret">At least one byte; as long as the MAC is a good length.</param>
    /// <param name="minimumMacLength">The shortest MAC accepted from peers, in bytes; by default truncated ones are refused.</param>
    public TsigKey(DomainName name, TsigAlgorithm algorithm, ReadOnlySpan<byte> secret, int? minimumMacLength = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfZero(secret.Length, nameof(secret));
        Name = name.Fold();
        Algorithm = algorithm;
        _secret = secret.ToArray();
        MinimumMacLength = minimumMacLength ?? TsigAlgorithms.MacLengthOf(algorithm);
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumMacLength, TsigAlgorithms.ShortestMacOf(algorithm), nameof(minimumMacLength));
    }

    /// <summary>The key's name in lower case, as the MAC needs it.</summary>
    public DomainName Name { get; }

    /// <summary>The algorithm.</summary>
    public TsigAlgorithm Algorithm { get; }

    /// <summary>The shortest MAC accepted, in bytes.</summary>
    public int MinimumMacLength { get; }

    /// <summary>Bytes that a signature with this key adds to a message at most.</summary>
    public int SignatureBytesMax =>
        Name.Wire.Length + TsigAlgorithms.NameOf(Algorithm).Wire.Length + TsigRecord.FixedBytes + TsigAlgorithms.MacLengthOf(Algorithm)
        + TsigRecord.TimeBytes;

    /// <summary>Makes a key of a name and a secret in base64, as they stand in configuration files.</summary>
    public static bool TryCreate(string name, TsigAlgorithm algorithm, string base64Secret, [NotNullWhen(true)] out TsigKey? key)
    {
        ArgumentNullException.ThrowIfNull(base64Secret);
        key = null;
        var secret = new byte[base64Secret.Length];
        if (!DomainName.TryParse(name, out var parsed) || !Convert.TryFromBase64String(base64Secret, secret, out var length) || length == 0)
        {
            return false;
        }

        key = new TsigKey(parsed, algorithm, secret.AsSpan(0, length));
        return true;
    }

    /// <summary>Name and algorithm.</summary>
    public override string ToString() => $"{Name} {TsigAlgorithms.NameOf(Algorithm)}";

    internal TsigMac CreateMac() => new(Algorithm, _secret);
}
