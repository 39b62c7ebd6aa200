using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Agent.Dns.Zones;

/// <summary>
/// The SHA-256 of a zone's byte sequence: what journal, spool and backends call a content by.
/// Equal contents in another record order have different hashes.
/// </summary>
public readonly record struct ContentHash
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    private ContentHash(ReadOnlySpan<byte> digest)
    {
        _first = BinaryPrimitives.ReadUInt64BigEndian(digest);
        _second = BinaryPrimitives.ReadUInt64BigEndian(digest[8..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(digest[16..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(digest[24..]);
    }

    /// <summary>The bytes of a hash.</summary>
    public const int Size = 32;

    /// <summary>Hashes a whole content at once.</summary>
    public static ContentHash Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[Size];
        SHA256.HashData(content, digest);
        return new ContentHash(digest);
    }

    /// <summary>Takes a digest computed elsewhere; false unless it has <see cref="Size"/> bytes.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> digest, out ContentHash hash)
    {
        hash = digest.Length == Size ? new ContentHash(digest) : default;
        return digest.Length == Size;
    }

    /// <summary>Reads the 64 hexadecimal digits that <see cref="ToString"/> writes; either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ContentHash hash)
    {
        hash = default;
        if (text.Length != Size * 2)
            return false;
        Span<byte> digest = stackalloc byte[Size];
        if (Convert.FromHexString(text, digest, out _, out _) != System.Buffers.OperationStatus.Done)
            return false;
        hash = new ContentHash(digest);
        return true;
    }

    /// <summary>Writes the <see cref="Size"/> bytes of the digest.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _third);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _fourth);
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> digest = stackalloc byte[Size];
        CopyTo(digest);
        return Convert.ToHexStringLower(digest);
    }
}
