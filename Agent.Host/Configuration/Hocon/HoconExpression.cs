namespace Agent.Host.Configuration.Hocon;

/// <summary>
/// A value as parsed, before substitutions are resolved. One object per place in the text: identity is what self-reference means.
/// </summary>
internal abstract class HoconExpression(HoconOrigin origin)
{
    public HoconOrigin Origin { get; } = origin;

    /// <summary>The evaluation depth at which this expression is being evaluated just now, 0 when it is not.</summary>
    public int ActiveDepth { get; set; }

    public bool IsEvaluated { get; private set; }

    public HoconNode? Result { get; private set; }

    public void Remember(HoconNode? result)
    {
        IsEvaluated = true;
        Result = result;
    }
}

internal sealed class LiteralExpression(HoconNode node, bool isSpace = false) : HoconExpression(node.Origin)
{
    public HoconNode Node { get; } = node;

    /// <summary>
    /// White space between two parts of a concatenation: it counts between strings and vanishes between lists or objects.
    /// </summary>
    public bool IsSpace { get; } = isSpace;
}

internal sealed class ArrayExpression(List<HoconExpression> items, HoconOrigin origin) : HoconExpression(origin)
{
    public List<HoconExpression> Items { get; } = items;
}

internal sealed class ConcatenationExpression(List<HoconExpression> parts, HoconOrigin origin) : HoconExpression(origin)
{
    public List<HoconExpression> Parts { get; } = parts;
}

/// <summary><c>+=</c>: what the field was so far, and one more item.</summary>
/// <param name="path">From the root; null inside a list, where only earlier definitions in the same object can be meant.</param>
internal sealed class AppendExpression(List<string>? path, HoconExpression item, HoconOrigin origin) : HoconExpression(origin)
{
    public List<string>? Path { get; } = path;

    /// <summary>The slot that holds this definition; set by <see cref="ObjectExpression.Define"/>.</summary>
    public HoconSlot? Slot { get; set; }

    public HoconExpression Item { get; } = item;
}

internal sealed class SubstitutionExpression(
    List<string> path,
    string variable,
    bool isOptional,
    bool isList,
    IReadOnlyList<IReadOnlyList<string>> includedAt,
    HoconOrigin origin) : HoconExpression(origin)
{
    public List<string> Path { get; } = path;

    /// <summary>The path as written: the name asked from the environment.</summary>
    public string Variable { get; } = variable;

    public bool IsOptional { get; } = isOptional;

    /// <summary><c>${NAME[]}</c>: a list from NAME_0, NAME_1, ...</summary>
    public bool IsList { get; } = isList;

    /// <summary>
    /// Where the files around this place are included, innermost first: a path is tried below each before it is tried from the root.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> IncludedAt { get; } = includedAt;
}

/// <summary>All definitions of one key of one object, first to last.</summary>
internal sealed class HoconSlot
{
    public List<HoconExpression> Definitions { get; } = [];

    public required HoconOrigin KeyOrigin { get; set; }
}

internal sealed class ObjectExpression(HoconOrigin origin) : HoconExpression(origin)
{
    public OrderedDictionary<string, HoconSlot> Slots { get; } = [];

    public HoconSlot SlotOf(string key, HoconOrigin keyOrigin)
    {
        if (!Slots.TryGetValue(key, out HoconSlot? slot))
        {
            slot = new HoconSlot { KeyOrigin = keyOrigin };
            Slots.Add(key, slot);
        }

        slot.KeyOrigin = keyOrigin;
        return slot;
    }

    /// <summary>The slot at the path, through objects that are created as needed.</summary>
    public HoconSlot SlotAt(IReadOnlyList<string> path, HoconOrigin keyOrigin)
    {
        ObjectExpression inner = this;
        for (int i = 0; i < path.Count - 1; i++) inner = Opened(inner.SlotOf(path[i], keyOrigin), keyOrigin);
        return inner.SlotOf(path[^1], keyOrigin);
    }

    /// <summary>Adds one definition; an object that follows an object directly is merged on the spot, which keeps the layers few.</summary>
    public static void Define(HoconSlot slot, HoconExpression value)
    {
        if (value is AppendExpression append) append.Slot = slot;
        if (value is ObjectExpression added && slot.Definitions is [.., ObjectExpression last]) last.Absorb(added);
        else slot.Definitions.Add(value);
    }

    public void Absorb(ObjectExpression other)
    {
        foreach ((string key, HoconSlot added) in other.Slots)
        {
            HoconSlot slot = SlotOf(key, added.KeyOrigin);
            foreach (HoconExpression definition in added.Definitions) Define(slot, definition);
        }
    }

    private static ObjectExpression Opened(HoconSlot slot, HoconOrigin origin)
    {
        if (slot.Definitions is [.., ObjectExpression last]) return last;
        var opened = new ObjectExpression(origin);
        slot.Definitions.Add(opened);
        return opened;
    }
}
