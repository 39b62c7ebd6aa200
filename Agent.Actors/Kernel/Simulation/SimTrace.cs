using System.Globalization;
using System.Numerics;
using System.Text;

namespace Agent.Actors.Kernel.Simulation;

/// <summary>A message that gives the trace more to compare than its type.</summary>
public interface ITraced
{
    /// <summary>A hash of the content that is the same in every process; never <c>GetHashCode</c> of strings.</summary>
    ulong TraceHash { get; }
}

/// <summary>The rolling hash over all deliveries, and the last of them in words.</summary>
internal sealed class SimTrace
{
    private const int LinesMax = 200;

    // Numbers in order of first appearance stand for cells: cheaper than paths, and just as repeatable.
    private readonly Dictionary<ActorCell, ulong> _cellNumbers = [];
    private readonly Dictionary<Type, ulong> _typeHashes = [];
    private readonly (long Step, long Ticks, ActorCell? Cell, object Message)[] _last = new (long, long, ActorCell?, object)[LinesMax];

    private long _count;

    internal ulong Hash { get; private set; } = 0xCBF29CE484222325;

    internal static ulong StableHash(string text)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (char c in text) hash = (hash ^ c) * 0x100000001B3;
        return hash;
    }

    internal void Add(long step, long ticks, SimNode node, ActorCell cell, object message)
    {
        if (!_cellNumbers.TryGetValue(cell, out ulong number)) _cellNumbers.Add(cell, number = (ulong)_cellNumbers.Count);
        Mix((ulong)step);
        Mix((ulong)ticks);
        Mix(((ulong)node.Id << 48) ^ number);
        Mix(TypeHash(message.GetType()));
        Mix(PayloadHash(message));
        _last[_count++ % LinesMax] = (step, ticks, cell, message);
    }

    internal void Add(long step, long ticks, string note)
    {
        Mix((ulong)step);
        Mix((ulong)ticks);
        Mix(StableHash(note));
        _last[_count++ % LinesMax] = (step, ticks, null, note);
    }

    internal string Describe()
    {
        StringBuilder text = new();
        for (long i = Math.Max(0, _count - LinesMax); i < _count; i++)
        {
            (long step, long ticks, ActorCell? cell, object message) = _last[i % LinesMax];
            string what = message is SystemMail ? message.GetType().Name : $"{message.GetType().Name} {Shorten(message)}";
            string line = cell is null ? $"--- {Shorten(message)}" : $"{((SimNode)cell.System.Runtime).Name} {cell.Path} <- {what}";
            text.Append(CultureInfo.InvariantCulture, $"{step,7} {TimeSpan.FromTicks(ticks):c} {line}\n");
        }
        return text.ToString();
    }

    private static string Shorten(object message)
    {
        string text = message.ToString() ?? string.Empty;
        return text.Length <= 100 ? text : text[..100];
    }

    private static ulong PayloadHash(object message) => message switch
    {
        ITraced traced => traced.TraceHash,
        string text => StableHash(text),
        int number => (ulong)number,
        long number => (ulong)number,
        ulong number => number,
        _ => 0,
    };

    private ulong TypeHash(Type type)
    {
        if (!_typeHashes.TryGetValue(type, out ulong hash)) _typeHashes.Add(type, hash = StableHash(type.FullName ?? type.Name));
        return hash;
    }

    private void Mix(ulong value) => Hash = (BitOperations.RotateLeft(Hash, 23) ^ value) * 0x9E3779B97F4A7C15;
}
