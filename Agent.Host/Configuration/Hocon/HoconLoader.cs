namespace Agent.Host.Configuration.Hocon;

/// <summary>Collects texts, files and single settings, later ones over earlier ones, and resolves them together.</summary>
public sealed class HoconLoader
{
    private readonly HoconIncludes _includes;
    private readonly Func<string, string?> _environment;
    private readonly List<HoconExpression> _layers = [];

    /// <param name="environment">The value of a variable, or null; by default the process's environment.</param>
    /// <param name="foldKey">
    /// Gives the one spelling of a key below a parent path (null: inside a list); by default keys stay as written.
    /// </param>
    public HoconLoader(Func<string, string?>? environment = null, Func<IReadOnlyList<string>?, string, string>? foldKey = null)
    {
        _environment = environment ?? Environment.GetEnvironmentVariable;
        _includes = new HoconIncludes(foldKey ?? ((_, key) => key));
    }

    /// <param name="source">Stands for the file name in messages.</param>
    public HoconLoader AddText(string text, string source)
    {
        _layers.Add(_includes.ReadText(text, HoconOriginKind.File, source));
        return this;
    }

    public HoconLoader AddFile(string path)
    {
        _layers.Add(_includes.ReadFile(path));
        return this;
    }

    /// <summary>
    /// <c>PATH=VALUE</c>. A value that begins like a list, an object or a string, or contains a substitution, is HOCON; anything else is
    /// taken as it stands, so that addresses need no quotes.
    /// </summary>
    /// <param name="root">Put before paths that do not begin with it.</param>
    public HoconLoader AddSetting(string setting, string? root = null)
    {
        // The value stays out of messages: it may be a secret.
        var cursor = new HoconCursor(setting, HoconOriginKind.CommandLine, $"--set {setting.Split('=')[0]}");
        List<string> path = HoconPath.Take(cursor);
        if (root is not null && path[0] != root) path.Insert(0, root);
        if (!cursor.TryTake("=")) throw cursor.Error("expected PATH=VALUE");
        string text = setting[(setting.Length - cursor.Remaining)..].Trim();
        var origin = new HoconOrigin(HoconOriginKind.CommandLine, $"--set {HoconPath.Render(path)}");
        var keys = new List<string>();
        foreach (string key in path) keys.Add(_includes.FoldKey(keys, key));
        bool isHocon = text.Length > 0 && (text[0] is '{' or '[' or '"' || text.Contains("${", StringComparison.Ordinal));
        HoconExpression value = isHocon
            ? new HoconParser(new HoconCursor(text, HoconOriginKind.CommandLine, origin.Source), _includes, []).ParseWholeValue(keys)
            : new LiteralExpression(new HoconScalar(text, isQuoted: false, origin));
        var layer = new ObjectExpression(origin);
        ObjectExpression.Define(layer.SlotAt(keys, origin), value);
        _layers.Add(layer);
        return this;
    }

    public HoconObject Resolve()
    {
        if (_layers.Count == 0) return HoconObject.Empty(new HoconOrigin(HoconOriginKind.CommandLine, "nothing"));
        return new HoconResolver(_layers, _environment, _includes.FoldKey).Resolve();
    }
}
