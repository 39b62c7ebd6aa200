using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Sort keys of names below an apex: labels from the apex downwards, folded, each closed by a zero byte; bytes 0 and 1 inside a
/// label are escaped. Comparing keys as byte strings gives the canonical order of RFC 4034 section 6.1, and the key of an
/// ancestor is a prefix of the keys of all names below it. The apex has the empty key.
/// </summary>
public static class CanonicalKey
{
    /// <summary>Room for the key of any name: 253 bytes of labels, each escaped, and their ends.</summary>
    public const int MaximumLength = 640;

    private const byte Escape = 1;

    /// <summary>Writes the key of a name that is the apex or below it; the number of bytes.</summary>
    public static int Write(ReadOnlySpan<byte> name, int apexLength, Span<byte> key) => Write(name, apexLength, key, [], out _);

    /// <summary>As above; notes where the key of each ancestor ends, the highest first, for the walk down from the apex.</summary>
    /// <param name="name">The uncompressed name.</param>
    /// <param name="apexLength">The bytes of the apex at the end of the name.</param>
    /// <param name="key">Room for <see cref="MaximumLength"/> bytes.</param>
    /// <param name="ends">Room for one end for each label, or empty.</param>
    /// <param name="labels">The labels below the apex.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(ReadOnlySpan<byte> name, int apexLength, Span<byte> key, Span<ushort> ends, out int labels)
    {
        Span<byte> starts = stackalloc byte[128];
        labels = 0;
        int relativeLength = name.Length - apexLength;
        for (int at = 0; at < relativeLength; at += name[at] + 1)
            starts[labels++] = (byte)at;
        int written = 0;
        for (int label = labels - 1; label >= 0; label--)
        {
            int start = starts[label];
            foreach (byte value in name.Slice(start + 1, name[start]))
            {
                byte folded = NameBytes.Fold(value);
                if (folded <= Escape)
                {
                    key[written++] = Escape;
                    folded++;
                }
                key[written++] = folded;
            }
            key[written++] = 0;
            if (!ends.IsEmpty)
                ends[labels - 1 - label] = (ushort)written;
        }
        return written;
    }

    /// <summary>Orders a name that is the apex or below it against a key, as if its own key were written.</summary>
    [SkipLocalsInit]
    public static int Compare(ReadOnlySpan<byte> name, int apexLength, ReadOnlySpan<byte> key)
    {
        // One label below the apex, as most names are: mostly the first octets decide.
        if (name.Length > apexLength && name[0] + 1 == name.Length - apexLength)
        {
            ReadOnlySpan<byte> label = name.Slice(1, name[0]);
            int common = Math.Min(label.Length, key.Length);
            int at = 0;
            while (at < common && label[at] > Escape && NameBytes.Fold(label[at]) == key[at])
                at++;
            if (at < common && label[at] > Escape)
                return NameBytes.Fold(label[at]) - key[at];
        }
        Span<byte> own = stackalloc byte[MaximumLength];
        return own[..Write(name, apexLength, own)].SequenceCompareTo(key);
    }
}
