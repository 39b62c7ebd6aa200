using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Agent.Backends.PowerDns;

/// <summary>Digests of 128 bits, for telling things apart without holding them; and bags of them.</summary>
internal static class Digest128
{
    /// <summary>The digest of octets.</summary>
    public static UInt128 Of(ReadOnlySpan<byte> octets)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(octets, digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    /// <summary>One more of these.</summary>
    public static void Put(this Dictionary<UInt128, int> bag, UInt128 digest) =>
        CollectionsMarshal.GetValueRefOrAddDefault(bag, digest, out _)++;

    /// <summary>One less; false when there is none.</summary>
    public static bool Take(this Dictionary<UInt128, int> bag, UInt128 digest)
    {
        if (!bag.TryGetValue(digest, out int count))
            return false;
        if (count == 1)
            bag.Remove(digest);
        else
            bag[digest] = count - 1;
        return true;
    }
}
