using System.Diagnostics.CodeAnalysis;

namespace Agent.Host.Plugins;

/// <summary>The folder of plugins: in it a folder for each, with an assembly of the same name.</summary>
/// <param name="path">Full path; the folder need not be there.</param>
/// <param name="isChosen">The operator named it: then a driver that is not there is a plugin that is missing, and not a slip.</param>
public sealed class PluginFolder(string path, bool isChosen)
{
    private const string DefaultName = "plugins";

    /// <summary>Where it is.</summary>
    public string FullPath { get; } = path;

    /// <summary>The folder of the setting; empty: the one beside the program.</summary>
    public static PluginFolder At(string setting) => setting.Length > 0
        ? new PluginFolder(setting, isChosen: true)
        : new PluginFolder(Path.Combine(AppContext.BaseDirectory, DefaultName), isChosen: false);

    /// <summary>The plugin of that name, loaded; false when nobody brought one.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out PluginFile? plugin)
    {
        plugin = Has(name) || (isChosen && IsName(name))
            ? PluginFile.Load(name, FileOf(name))
            : null;
        return plugin is not null;
    }

    /// <summary>Somebody brought a folder of that name.</summary>
    public bool Has(string name) => IsName(name) && Directory.Exists(Path.Combine(FullPath, name));

    /// <summary>All that are there, loaded.</summary>
    public IReadOnlyList<PluginFile> All => [.. Names.Select(name => PluginFile.Load(name, FileOf(name)))];

    /// <summary>The names of those that are there.</summary>
    public IReadOnlyList<string> Names => Directory.Exists(FullPath)
        ? [.. new DirectoryInfo(FullPath).EnumerateDirectories().Select(folder => folder.Name).Where(IsName).Order(StringComparer.Ordinal)]
        : [];

    private static bool IsName(string name) => name.Length is > 0 and <= 64 && char.IsAsciiLetterLower(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private string FileOf(string name) => Path.Combine(FullPath, name, name + ".dll");
}
