using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Agent.Dns.Wire;

/// <summary>
/// A hash of 64 bits over a name, letters without case, that is another one in each process: nobody outside can choose names that meet.
/// Who holds some million names may take two with the same hash for one. Where nodes and releases must agree, and to keep, there is
/// <see cref="NameBytes.StableHash"/>, which takes an octet at a time.
/// </summary>
public static class NameHash
{
    private const ulong Ones = 0x0101010101010101;
    private const ulong HighBits = 0x80 * Ones;

    private static readonly ulong Seed = Drawn();
    private static readonly ulong Multiplier = Drawn() | 1;

    /// <summary>The hash of an uncompressed name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Of(ReadOnlySpan<byte> wire)
    {
        ulong hash = Seed ^ (ulong)wire.Length;
        ulong multiplier = Multiplier;
        if (wire.Length < sizeof(ulong))
        {
            ulong all = 0;
            foreach (byte octet in wire)
                all = all << 8 | octet;
            return Mix(hash ^ Fold(all), multiplier);
        }

        int last = wire.Length - sizeof(ulong);
        for (int at = 0; at < last; at += sizeof(ulong))
            hash = Mix(hash ^ Fold(BinaryPrimitives.ReadUInt64LittleEndian(wire[at..])), multiplier);
        // The last eight octets, some of them for the second time.
        return Mix(hash ^ Fold(BinaryPrimitives.ReadUInt64LittleEndian(wire[last..])), multiplier);
    }

    /// <summary>
    /// Eight octets at once, A to Z as a to z: an octet's highest bit comes from the sums exactly where it is such a letter.
    /// </summary>
    private static ulong Fold(ulong octets)
    {
        ulong low = octets & ~HighBits;
        ulong fromA = low + ((0x80 - 'A') * Ones);
        ulong aboveZ = low + ((0x7F - 'Z') * Ones);
        ulong letters = (fromA ^ aboveZ) & ~octets & HighBits;
        return octets | letters >> 2;
    }

    private static ulong Mix(ulong value, ulong multiplier)
    {
        ulong high = Math.BigMul(value, multiplier, out ulong low);
        return high ^ low;
    }

    private static ulong Drawn()
    {
        Span<byte> octets = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(octets);
        return BinaryPrimitives.ReadUInt64LittleEndian(octets);
    }
}
