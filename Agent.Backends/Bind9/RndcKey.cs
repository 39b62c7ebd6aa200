using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Agent.Dns.Tsig;

namespace Agent.Backends.Bind9;

/// <summary>
/// The shared key of a control channel. Its name never travels: named tries every key of the listener. Immutable; never printed.
/// </summary>
public sealed class RndcKey
{
    private const int SecretSizeMax = 4096;

    private readonly byte[] _secret;

    private RndcKey(string name, RndcAlgorithm algorithm, byte[] secret)
    {
        Name = name;
        Algorithm = algorithm;
        _secret = secret;
    }

    /// <summary>What the operator calls it; for messages only.</summary>
    public string Name { get; }

    /// <summary>The HMAC it signs with.</summary>
    public RndcAlgorithm Algorithm { get; }

    /// <summary>Makes a key of its parts as named.conf writes them. False leaves a sentence in <paramref name="error"/> that does not
    /// show the secret.</summary>
    public static bool TryCreate(
        string name, string algorithm, string secret, [NotNullWhen(true)] out RndcKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!TryParseAlgorithm(algorithm, out RndcAlgorithm known))
        {
            error = $"key \"{name}\": algorithm \"{algorithm}\" is not one of "
                + "hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512";
            return false;
        }

        string text = secret.Trim();
        byte[] octets = new byte[Math.Min(text.Length, SecretSizeMax)];
        if (text.Length == 0 || !Convert.TryFromBase64String(text, octets, out int length) || length == 0)
        {
            error = $"key \"{name}\": the secret is not base64 of 1 to {SecretSizeMax} octets";
            return false;
        }

        key = new RndcKey(name, known, octets[..length]);
        error = null;
        return true;
    }

    /// <summary>The signature of data, whole.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) => Algorithm switch
    {
        RndcAlgorithm.HmacMd5 => HMACMD5.HashData(_secret, data),
        RndcAlgorithm.HmacSha1 => HMACSHA1.HashData(_secret, data),
        RndcAlgorithm.HmacSha224 => HmacSha224.Sign(_secret, data),
        RndcAlgorithm.HmacSha256 => HMACSHA256.HashData(_secret, data),
        RndcAlgorithm.HmacSha384 => HMACSHA384.HashData(_secret, data),
        _ => HMACSHA512.HashData(_secret, data),
    };

    /// <inheritdoc/>
    public override string ToString() => $"key \"{Name}\" ({Algorithm})";

    private static bool TryParseAlgorithm(string text, out RndcAlgorithm algorithm)
    {
        algorithm = text.Trim().ToLowerInvariant() switch
        {
            "hmac-md5" or "hmac-md5.sig-alg.reg.int" or "hmac-md5.sig-alg.reg.int." => RndcAlgorithm.HmacMd5,
            "hmac-sha1" => RndcAlgorithm.HmacSha1,
            "hmac-sha224" => RndcAlgorithm.HmacSha224,
            "hmac-sha256" => RndcAlgorithm.HmacSha256,
            "hmac-sha384" => RndcAlgorithm.HmacSha384,
            "hmac-sha512" => RndcAlgorithm.HmacSha512,
            _ => default,
        };
        return algorithm != default;
    }
}
