namespace Agent.Host.Configuration.Hocon;

/// <summary>
/// Expressions to values.
///
/// A key has definitions, first to last. Read from the last: objects are layers that merge, the first value that is no object ends
/// the reading, and what lies before it is never evaluated, so a broken substitution that is hidden does no harm.
///
/// A substitution is looked up from the root and sees the final value of what it names, wherever that is written. Only when the lookup
/// comes back to a definition that is being evaluated just now does it look back: that definition and the later ones of the key are
/// left out. So <c>path = ${path}":/bin"</c> extends what was there, and a circle without an earlier value finds nothing and is reported.
/// An object under evaluation does not hide its own fields: <c>{ a = 1, b = ${o.a} }</c> inside <c>o</c> is no circle.
///
/// A result that came about by looking back outside of its own expression holds only in that place, so it is not remembered; the
/// evaluation depths of what is active tell (<see cref="_lookedBackTo"/>). All work is counted, since without remembering a
/// hostile text could ask for exponentially much.
/// </summary>
internal sealed class HoconResolver(IReadOnlyList<HoconExpression> roots, Func<string, string?> environment,
    Func<IReadOnlyList<string>?, string, string> foldKey)
{
    public const int DepthMax = 600;
    public const int StepsMax = 1_000_000;
    public const long WeightMax = 1_000_000;
    public const int TextMax = 4 * 1024 * 1024;

    private const int Nowhere = int.MaxValue;
    private readonly Dictionary<string, HoconNode?> _lookups = new(StringComparer.Ordinal);
    private int _depth;
    private int _steps;
    private int _lookedBackTo = Nowhere;

    public HoconObject Resolve()
    {
        HoconNode? root = ResolveDefinitions(roots, roots[0].Origin);
        return root as HoconObject ?? HoconObject.Empty(roots[0].Origin);
    }

    private HoconNode? ResolveDefinitions(IReadOnlyList<HoconExpression> definitions, HoconOrigin place)
    {
        Enter(place);
        List<HoconExpression> layers = Layers(definitions, isPassage: false, out HoconNode? plain);
        HoconNode? result = layers switch
        {
            [] => plain,
            [LiteralExpression alone] => alone.Node,
            _ => BuildObject(layers),
        };
        _depth--;
        return result;
    }

    /// <summary>The objects that make up the value, first to last, or the value itself where it is no object.</summary>
    /// <param name="isPassage">The lookup goes on inside: objects under evaluation may be passed, and other values are of no use.</param>
    private List<HoconExpression> Layers(IReadOnlyList<HoconExpression> definitions, bool isPassage, out HoconNode? plain)
    {
        plain = null;
        var layers = new List<HoconExpression>();
        for (int i = VisibleCount(definitions, isPassage) - 1; i >= 0; i--)
        {
            HoconExpression definition = definitions[i];
            if (definition is ObjectExpression or LiteralExpression { Node: HoconObject })
            {
                layers.Add(definition);
                continue;
            }

            if (isPassage && definition is ArrayExpression or LiteralExpression) break;
            HoconNode? value = Evaluate(definition);
            if (value is null) continue;
            if (value is not HoconObject)
            {
                plain = layers.Count == 0 ? value : null;
                break;
            }

            layers.Add(new LiteralExpression(value));
        }

        layers.Reverse();
        return layers;
    }

    private int VisibleCount(IReadOnlyList<HoconExpression> definitions, bool isPassage)
    {
        for (int i = 0; i < definitions.Count; i++)
        {
            if (definitions[i].ActiveDepth == 0 || (isPassage && definitions[i] is ObjectExpression)) continue;
            _lookedBackTo = Math.Min(_lookedBackTo, definitions[i].ActiveDepth);
            return i;
        }

        return definitions.Count;
    }

    private HoconObject BuildObject(List<HoconExpression> layers)
    {
        var keys = new OrderedDictionary<string, HoconOrigin>();
        foreach (HoconExpression layer in layers)
        {
            foreach ((string key, HoconOrigin origin) in KeysOf(layer)) keys[key] = origin;
            layer.ActiveDepth = _depth;
        }

        var members = new OrderedDictionary<string, HoconMember>(keys.Count);
        long weight = 1;
        foreach ((string key, HoconOrigin keyOrigin) in keys)
        {
            if (ResolveDefinitions(Contributions(layers, key), keyOrigin) is not { } value) continue;
            members.Add(key, new HoconMember(value, keyOrigin));
            weight = CheckedWeight(weight + value.Weight, keyOrigin);
        }

        foreach (HoconExpression layer in layers) layer.ActiveDepth = 0;
        // A file is the better place to name for what an object lacks than an option or a variable that sets one key of it.
        HoconExpression place = layers.FindLast(layer => layer.Origin.Kind == HoconOriginKind.File) ?? layers[^1];
        return new HoconObject(members, place.Origin);
    }

    private static IEnumerable<(string Key, HoconOrigin Origin)> KeysOf(HoconExpression layer) => layer is ObjectExpression written
        ? written.Slots.Select(slot => (slot.Key, slot.Value.KeyOrigin))
        : ((HoconObject)((LiteralExpression)layer).Node).Members.Select(member => (member.Key, member.Value.KeyOrigin));

    private static List<HoconExpression> Contributions(List<HoconExpression> layers, string key)
    {
        var contributions = new List<HoconExpression>();
        foreach (HoconExpression layer in layers)
        {
            if (layer is ObjectExpression written)
            {
                if (written.Slots.TryGetValue(key, out HoconSlot? slot)) contributions.AddRange(slot.Definitions);
            }
            else if (((HoconObject)((LiteralExpression)layer).Node).Members.TryGetValue(key, out HoconMember? member))
            {
                contributions.Add(new LiteralExpression(member.Value));
            }
        }

        return contributions;
    }

    private HoconNode? Evaluate(HoconExpression expression)
    {
        if (expression is LiteralExpression literal) return literal.Node;
        if (expression is ObjectExpression) return ResolveDefinitions([expression], expression.Origin);
        if (expression.IsEvaluated) return expression.Result;
        Enter(expression.Origin);
        int depth = _depth;
        int lookedBackBefore = _lookedBackTo;
        _lookedBackTo = Nowhere;
        expression.ActiveDepth = depth;
        HoconNode? result = expression switch
        {
            SubstitutionExpression substitution => Substitute(substitution),
            ConcatenationExpression concatenation => Concatenate(concatenation),
            ArrayExpression array => ResolveArray(array),
            AppendExpression append => ResolveAppend(append),
            _ => throw new InvalidOperationException($"unknown expression {expression.GetType().Name}"),
        };
        expression.ActiveDepth = 0;
        bool holdsEverywhere = _lookedBackTo >= depth;
        if (holdsEverywhere) expression.Remember(result);
        _lookedBackTo = holdsEverywhere ? lookedBackBefore : Math.Min(lookedBackBefore, _lookedBackTo);
        _depth--;
        return result;
    }

    private HoconNode? Substitute(SubstitutionExpression substitution)
    {
        List<string> path = Folded([], substitution.Path);
        foreach (IReadOnlyList<string> root in substitution.IncludedAt)
        {
            if (Lookup([.. root, .. Folded(root, substitution.Path)], substitution.Origin) is { } relative) return relative;
        }

        if (Lookup(path, substitution.Origin) is { } found) return found;
        if (FromEnvironment(substitution) is { } variable) return variable;
        if (substitution.IsOptional) return null;
        throw new HoconException(substitution.Origin, _lookedBackTo == Nowhere
            ? $"${{{substitution.Variable}}} has no value: no key and no environment variable has that name "
                + $"(write ${{?{substitution.Variable}}} if it may be absent)"
            : $"${{{substitution.Variable}}} refers back to itself in a circle, and no earlier value ends it");
    }

    private List<string> Folded(IReadOnlyList<string> root, List<string> path)
    {
        var whole = new List<string>(root);
        foreach (string key in path) whole.Add(foldKey(whole, key));
        return whole[root.Count..];
    }

    private HoconNode? Lookup(List<string> path, HoconOrigin place)
    {
        string name = HoconPath.Render(path);
        if (_lookups.TryGetValue(name, out HoconNode? known)) return known;
        Enter(place);
        int lookedBackBefore = _lookedBackTo;
        _lookedBackTo = Nowhere;
        IReadOnlyList<HoconExpression> definitions = roots;
        foreach (string key in path)
        {
            definitions = Contributions(Layers(definitions, isPassage: true, out _), key);
            _steps += definitions.Count;
            if (definitions.Count == 0) break;
        }

        HoconNode? found = definitions.Count == 0 ? null : ResolveDefinitions(definitions, place);
        if (_lookedBackTo == Nowhere) _lookups[name] = found;
        _lookedBackTo = Math.Min(lookedBackBefore, _lookedBackTo);
        _depth--;
        return found;
    }

    private HoconNode? FromEnvironment(SubstitutionExpression substitution)
    {
        if (!substitution.IsList) return Variable(substitution.Variable);
        var items = new List<HoconNode>();
        while (items.Count < 10_000 && Variable($"{substitution.Variable}_{items.Count}") is { } item) items.Add(item);
        return items.Count == 0 ? null : new HoconArray(items, substitution.Origin);

        HoconScalar? Variable(string name) => environment(name) is { } value
            ? new HoconScalar(value, isQuoted: true, new HoconOrigin(HoconOriginKind.Environment, name, UsedAt: substitution.Origin))
            : null;
    }

    private HoconArray ResolveArray(ArrayExpression array)
    {
        var items = new List<HoconNode>(array.Items.Count);
        long weight = 1;
        foreach (HoconExpression item in array.Items)
        {
            if (Evaluate(item) is not { } value) continue;
            items.Add(value);
            weight = CheckedWeight(weight + value.Weight, item.Origin);
        }

        return new HoconArray(items, array.Origin);
    }

    private HoconArray ResolveAppend(AppendExpression append)
    {
        HoconNode? before = append.Path is null
            ? ResolveDefinitions(append.Slot!.Definitions, append.Origin)
            : Lookup(append.Path, append.Origin);
        HoconArray? list = before as HoconArray ?? (before as HoconObject)?.ToArray();
        if (before is not null && list is null)
        {
            throw new HoconException(append.Origin, $"+= needs a list, but the value so far is {before.Kind}");
        }
        HoconNode? item = Evaluate(append.Item);
        HoconNode[] items = [.. list?.Items ?? [], .. item is null ? Array.Empty<HoconNode>() : [item]];
        CheckedWeight((list?.Weight ?? 1) + (item?.Weight ?? 0), append.Origin);
        return new HoconArray(items, append.Origin);
    }

    private HoconNode? Concatenate(ConcatenationExpression concatenation)
    {
        var values = new List<(HoconNode? Node, bool IsSpace)>();
        foreach (HoconExpression part in concatenation.Parts) values.Add((Evaluate(part), part is LiteralExpression { IsSpace: true }));
        List<HoconNode> real = [.. values.Where(value => !value.IsSpace && value.Node is not null).Select(value => value.Node!)];
        if (real.Count == 0) return null;
        if (real.Exists(node => node is HoconArray)) return Joined(real, concatenation.Origin);
        if (real.Exists(node => node is HoconObject)) return Merged(real, concatenation.Origin);
        string[] texts = [.. values.Select(value => value.Node is HoconScalar scalar ? scalar.Text : "")];
        if (texts.Sum(text => (long)text.Length) > TextMax)
        {
            throw new HoconException(concatenation.Origin, $"a concatenated string is longer than {TextMax} characters");
        }

        // What a variable or another key brought is the part worth naming when it is the only real one.
        return new HoconScalar(string.Concat(texts), isQuoted: true, real.Count == 1 ? real[0].Origin : concatenation.Origin);
    }

    private static HoconArray Joined(List<HoconNode> parts, HoconOrigin origin)
    {
        var items = new List<HoconNode>();
        long weight = 1;
        foreach (HoconNode part in parts)
        {
            HoconArray list = part as HoconArray ?? (part as HoconObject)?.ToArray()
                ?? throw new HoconException(origin, $"a list cannot be joined with {part.Kind}");
            weight = CheckedWeight(weight + list.Weight, origin);
            items.AddRange(list.Items);
        }

        return new HoconArray(items, origin);
    }

    private HoconObject Merged(List<HoconNode> parts, HoconOrigin origin)
    {
        if (parts.Find(part => part is not HoconObject) is { } other)
        {
            throw new HoconException(origin, $"an object cannot be joined with {other.Kind}");
        }
        CheckedWeight(parts.Sum(part => part.Weight), origin);
        return (HoconObject)ResolveDefinitions([.. parts.Select(part => new LiteralExpression(part))], origin)!;
    }

    private static long CheckedWeight(long weight, HoconOrigin origin) => weight <= WeightMax
        ? weight
        : throw new HoconException(origin, $"the configuration has more than {WeightMax} values");

    private void Enter(HoconOrigin place)
    {
        if (++_depth > DepthMax) throw new HoconException(place, $"substitutions are nested more than {DepthMax} deep");
        if (++_steps > StepsMax) throw new HoconException(place, $"resolving takes more than {StepsMax} steps");
    }
}
