using System.Globalization;

namespace Agent.Host.Configuration.Hocon;

/// <summary>A resolved value: no substitution is left in it, and every part knows where it was written.</summary>
public abstract class HoconNode(HoconOrigin origin, long weight)
{
    public HoconOrigin Origin { get; } = origin;

    /// <summary>Values in this tree. Resolved trees share branches, so this can exceed what memory holds; the resolver bounds it.</summary>
    internal long Weight { get; } = weight;

    /// <summary>What an error message calls this kind of value; never the value, which may be a secret at a wrong place.</summary>
    public abstract string Kind { get; }
}

public sealed class HoconScalar(string text, bool isQuoted, HoconOrigin origin) : HoconNode(origin, 1)
{
    /// <summary>As written, without quotes and escapes: numbers keep their spelling, as concatenation requires.</summary>
    public string Text { get; } = text;

    /// <summary>True also for what concatenation made: such a value is a string even if it reads <c>null</c>.</summary>
    public bool IsQuoted { get; } = isQuoted;

    public bool IsNull => !IsQuoted && Text == "null";

    public override string Kind => IsNull ? "null" : IsNumber ? "a number" : "a text";

    private bool IsNumber => !IsQuoted && double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    internal static HoconScalar Null(HoconOrigin origin) => new("null", isQuoted: false, origin);
}

public sealed class HoconArray(IReadOnlyList<HoconNode> items, HoconOrigin origin) : HoconNode(origin, 1 + items.Sum(item => item.Weight))
{
    public IReadOnlyList<HoconNode> Items { get; } = items;

    public override string Kind => "a list";
}

/// <summary>A value with the place of its key: an unknown key is reported where the key stands, not where its value does.</summary>
public sealed record HoconMember(HoconNode Value, HoconOrigin KeyOrigin);

public sealed class HoconObject(OrderedDictionary<string, HoconMember> members, HoconOrigin origin)
    : HoconNode(origin, 1 + members.Values.Sum(member => member.Value.Weight))
{
    /// <summary>In the order in which the keys were first written.</summary>
    public IReadOnlyDictionary<string, HoconMember> Members { get; } = members;

    public override string Kind => "an object";

    public static HoconObject Empty(HoconOrigin origin) => new([], origin);

    /// <summary>The value at the keys, or null where one of them is absent or what lies on the way is not an object.</summary>
    public HoconNode? Find(params ReadOnlySpan<string> keys)
    {
        HoconNode node = this;
        foreach (string key in keys)
        {
            if (node is not HoconObject inner || !inner.Members.TryGetValue(key, out HoconMember? member)) return null;
            node = member.Value;
        }

        return node;
    }

    /// <summary>The same, with the default where one is given and the value is null: null takes away what was written before.</summary>
    internal HoconObject WithDefaults(HoconObject defaults)
    {
        var effective = new OrderedDictionary<string, HoconMember>(Members.Count);
        foreach ((string key, HoconMember member) in Members)
        {
            HoconNode? ofKey = defaults.Find(key);
            effective.Add(key, (member.Value, ofKey) switch
            {
                (HoconScalar { IsNull: true }, not null) => defaults.Members[key],
                (HoconObject inner, HoconObject innerDefaults) => member with { Value = inner.WithDefaults(innerDefaults) },
                _ => member,
            });
        }

        return new HoconObject(effective, Origin);
    }

    /// <summary>
    /// Where a list is wanted, an object with keys <c>0</c>, <c>1</c>, ... stands for one, in numeric order; other keys are ignored.
    /// Null when no key is an index.
    /// </summary>
    internal HoconArray? ToArray()
    {
        var indexed = new SortedDictionary<int, HoconNode>();
        foreach ((string key, HoconMember member) in Members)
        {
            if (int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index)) indexed[index] = member.Value;
        }

        return indexed.Count == 0 ? null : new HoconArray([.. indexed.Values], Origin);
    }
}
