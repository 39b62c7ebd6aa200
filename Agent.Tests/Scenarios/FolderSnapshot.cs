using System.Security.Cryptography;

namespace Agent.Tests.Scenarios;

/// <summary>The files below a folder with the digests of their contents, as text, so that a difference can be read.</summary>
internal sealed record FolderSnapshot(string Files)
{
    public static FolderSnapshot Of(string folder, Func<string, bool> isLeftOut) => new(string.Join('\n', Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(folder, path))
        .Where(path => !isLeftOut(path))
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, path))))}")));
}
