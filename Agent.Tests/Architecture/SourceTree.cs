using System.Xml.Linq;

namespace Agent.Tests.Architecture;

/// <summary>The sources as they lie on disk, without what builds and runs leave behind.</summary>
public static class SourceTree
{
    /// <summary>The folder of Agent.sln. Declared first: the initializers below use it.</summary>
    public static readonly string Root = FindRoot();

    private static readonly string[] TextEndings = [".cs", ".md", ".sh", ".conf", ".csproj", ".props", ".json", ".yml", ".yaml", ".txt"];
    private static readonly string[] LeftOut = ["bin", "obj", ".git", ".vs", "TestResults", "data", "node_modules"];

    /// <summary>Every text file that people write.</summary>
    public static IReadOnlyList<SourceFile> TextFiles { get; } =
        [.. Walk(Root).Select(path => new SourceFile(Relative(path), File.ReadAllText(path)))];

    public static IReadOnlyList<SourceFile> CSharpFiles { get; } =
        [.. TextFiles.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal))];

    /// <summary>Project name to the names of the projects that it references.</summary>
    public static IReadOnlyDictionary<string, string[]> ProjectReferences { get; } = TextFiles
        .Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal))
        .ToDictionary(
            file => Path.GetFileNameWithoutExtension(file.Path),
            file => XDocument.Parse(file.Text).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)).ToArray(),
            StringComparer.Ordinal);

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (TextEndings.Contains(Path.GetExtension(file), StringComparer.Ordinal)
                && !file.EndsWith(".lock.json", StringComparison.Ordinal))
            {
                yield return file;
            }
        }

        foreach (string sub in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            if (LeftOut.Contains(Path.GetFileName(sub), StringComparer.Ordinal))
            {
                continue;
            }

            foreach (string file in Walk(sub))
            {
                yield return file;
            }
        }
    }

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Agent.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Agent.sln above {AppContext.BaseDirectory}");
    }
}
