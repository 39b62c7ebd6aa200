namespace Agent.Host.Configuration;

/// <summary>Where a target has its zone files.</summary>
/// <param name="Key">What says so.</param>
/// <param name="Path">A full path.</param>
internal sealed record TargetFolder(string Key, string Path)
{
    /// <summary>The machine whose server alone writes there; null where the agent does.</summary>
    public string? Writer { get; init; }

    /// <summary>One folder, unless servers of two machines each have one of that path.</summary>
    public bool IsSameAs(TargetFolder other) =>
        System.IO.Path.TrimEndingDirectorySeparator(Path) == System.IO.Path.TrimEndingDirectorySeparator(other.Path)
            && (Writer is null || other.Writer is null || Writer == other.Writer);
}

/// <summary>A target that the user named, before its settings are read.</summary>
internal sealed record NamedTarget(string Name, TargetDriver Driver, SectionReader Section);

/// <summary>
/// Each target has a folder of its own: a driver takes the files there for its target's, and one that gives up a zone, or gets content on
/// trial, would take the file from the other.
/// </summary>
internal static class TargetFolders
{
    public const string Key = "zone-directory";

    /// <summary>
    /// What the target has where it names none: the driver's folder in data-dir, with the target's name behind it where several targets of
    /// the driver name none.
    /// </summary>
    public static string? OwnOf(NamedTarget target, IReadOnlyList<NamedTarget> all, string dataDirectory)
    {
        if (target.Driver.OwnFolder is not { } folder) return null;
        bool isShared = all.Count(other => other.Driver.OwnFolder == folder && !other.Section.IsSet(Key)) > 1;
        if (!isShared) return Path.Combine(dataDirectory, folder);
        bool canBeFolder = target.Name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.');
        if (!canBeFolder && !target.Section.IsSet(Key))
            target.Section.Problem(Key, "this must be given: the target's name cannot be that of a folder");
        return Path.Combine(dataDirectory, canBeFolder ? $"{folder}-{target.Name}" : folder);
    }

    /// <summary>A problem at each target whose folder another one has already.</summary>
    public static void Check(IReadOnlyList<(TargetOptions Options, SectionReader Section)> targets)
    {
        for (int i = 1; i < targets.Count; i++)
        {
            if (targets[i].Options.Settings.Files is not { } folder) continue;
            TargetOptions? former = targets.Take(i).Select(target => target.Options)
                .FirstOrDefault(one => one.Settings.Files is { Path.Length: > 0 } other && other.IsSameAs(folder));
            if (former is null) continue;
            targets[i].Section.Problem(folder.Key, $"target {former.Name} has the folder {folder.Path} already, "
                + "and each would take away files of the other: give each a folder of its own");
        }
    }
}
