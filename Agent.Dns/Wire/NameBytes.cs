using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>
/// Operations on uncompressed wire names held in spans, for the paths where a <see cref="DomainName"/> per record would cost too much.
/// Only <see cref="IsValid"/> and <see cref="TryMeasure"/> check their input; the others expect well-formed names.
/// </summary>
/// <remarks>Folding may run over whole names, length bytes included: they are at most 63 and letters start at 65.</remarks>
public static class NameBytes
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;
    private const int MaximumLabels = 128;

    /// <summary>Lower case of an ASCII letter; any other byte unchanged.</summary>
    public static byte Fold(byte value) => (uint)(value - 'A') <= 'Z' - 'A' ? (byte)(value | 0x20) : value;

    /// <summary>Lowers every ASCII letter in place.</summary>
    public static void Fold(Span<byte> bytes)
    {
        foreach (ref var value in bytes) value = Fold(value);
    }

    /// <summary>True if the bytes are one name without compression, at most 255 bytes, and nothing else.</summary>
    public static bool IsValid(ReadOnlySpan<byte> wire) => TryMeasure(wire, out var length) && length == wire.Length;

    /// <summary>Finds the end of the uncompressed name at the start of <paramref name="bytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryMeasure(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        while (length < bytes.Length && length < NameReader.MaximumLength)
        {
            int label = bytes[length];
            if (label > 63) break;
            length += label + 1;
            if (label == 0) return true;
        }

        length = 0;
        return false;
    }

    /// <summary>Labels without the root.</summary>
    public static int LabelCount(ReadOnlySpan<byte> wire)
    {
        var count = 0;
        for (var position = 0; wire[position] != 0; position += wire[position] + 1) count++;
        return count;
    }

    /// <summary>Equality under ASCII case folding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Equal(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length) return false;
        if (left.SequenceEqual(right)) return true;
        for (var i = 0; i < left.Length; i++)
        {
            if (Fold(left[i]) != Fold(right[i])) return false;
        }

        return true;
    }

    /// <summary>True if <paramref name="wire"/> is <paramref name="ancestor"/> or lies below it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IsSameOrBelow(ReadOnlySpan<byte> wire, ReadOnlySpan<byte> ancestor)
    {
        // The suffix must begin at a label boundary, so the labels are walked instead of comparing the tails.
        while (wire.Length > ancestor.Length) wire = wire[(wire[0] + 1)..];
        return Equal(wire, ancestor);
    }

    /// <summary>Canonical order of names (RFC 4034 6.1): labels compared from the root, folded, as unsigned bytes.</summary>
    [SkipLocalsInit]
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> leftLabels = stackalloc byte[MaximumLabels];
        Span<byte> rightLabels = stackalloc byte[MaximumLabels];
        var leftCount = FindLabels(left, leftLabels);
        var rightCount = FindLabels(right, rightLabels);
        while (leftCount > 0 && rightCount > 0)
        {
            int leftStart = leftLabels[--leftCount], rightStart = rightLabels[--rightCount];
            var order = CompareFolded(left.Slice(leftStart + 1, left[leftStart]), right.Slice(rightStart + 1, right[rightStart]));
            if (order != 0) return order;
        }

        return leftCount - rightCount;
    }

    /// <summary>FNV-1a of 64 bits over the folded bytes: the same on every node and in every release.</summary>
    public static ulong StableHash(ReadOnlySpan<byte> wire)
    {
        var hash = FnvOffset;
        foreach (var value in wire) hash = unchecked((hash ^ Fold(value)) * FnvPrime);
        return hash;
    }

    internal static int FindLabels(ReadOnlySpan<byte> wire, Span<byte> starts)
    {
        var count = 0;
        for (var position = 0; wire[position] != 0; position += wire[position] + 1) starts[count++] = (byte)position;
        return count;
    }

    private static int CompareFolded(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var common = Math.Min(left.Length, right.Length);
        for (var i = 0; i < common; i++)
        {
            var order = Fold(left[i]) - Fold(right[i]);
            if (order != 0) return order;
        }

        return left.Length - right.Length;
    }
}
