using Agent.Bench.Peers;

namespace Agent.Tests.TestKit;

/// <summary>Files as the kubelet lays a secret out: each is a link by way of <c>..data</c>, and that alone is ever replaced.</summary>
internal static class SecretVolume
{
    private const string Data = "..data";

    /// <summary>The path by which a file of the volume is known.</summary>
    public static string Link(TemporaryFolder volume, string name)
    {
        string path = volume.Combine(name);
        File.CreateSymbolicLink(path, Path.Combine(Data, name));
        return path;
    }

    /// <summary>Puts a folder with these files behind the links.</summary>
    public static void Put(TemporaryFolder volume, string folder, params (string Name, string Text)[] files)
    {
        volume.CreateFolder(folder);
        foreach ((string name, string text) in files) volume.Write(Path.Combine(folder, name), text);
        // The kubelet renames the new link over the old one, which .NET does for no link to a folder.
        File.Delete(volume.Combine(Data));
        Directory.CreateSymbolicLink(volume.Combine(Data), folder);
    }
}
