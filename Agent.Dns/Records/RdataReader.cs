using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>A cursor over the fields of one RDATA without compression. Reads past the end fail, nothing throws.</summary>
internal ref struct RdataReader(ReadOnlySpan<byte> rdata)
{
    /// <summary>What is not read yet.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = rdata;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryTake(int length, out ReadOnlySpan<byte> bytes)
    {
        if (length > Rest.Length)
        {
            bytes = default;
            return false;
        }

        bytes = Rest[..length];
        Rest = Rest[length..];
        return true;
    }

    public ReadOnlySpan<byte> TakeRest()
    {
        var rest = Rest;
        Rest = default;
        return rest;
    }

    public bool TryTake8(out byte value)
    {
        value = Rest.IsEmpty ? (byte)0 : Rest[0];
        return TryTake(1, out _);
    }

    public bool TryTake16(out ushort value)
    {
        _ = BinaryPrimitives.TryReadUInt16BigEndian(Rest, out value);
        return TryTake(sizeof(ushort), out _);
    }

    public bool TryTake32(out uint value)
    {
        _ = BinaryPrimitives.TryReadUInt32BigEndian(Rest, out value);
        return TryTake(sizeof(uint), out _);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryTakeName(out ReadOnlySpan<byte> wire)
    {
        wire = default;
        return NameBytes.TryMeasure(Rest, out var length) && TryTake(length, out wire);
    }

    /// <summary>Takes bytes that have their number in a byte before them.</summary>
    public bool TryTakeCounted(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryTake8(out var length) && TryTake(length, out bytes);
    }
}
