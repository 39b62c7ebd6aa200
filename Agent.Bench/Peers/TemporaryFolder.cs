namespace Agent.Bench.Peers;

/// <summary>A folder of one test's own, removed with everything in it at the end.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string purpose)
    {
        // Short, because socket paths below it may not exceed 107 octets (sun_path).
        FullPath = SpreadFolder.Create($"{purpose}-");
    }

    public string FullPath { get; }

    public string Combine(string name) => Path.Combine(FullPath, name);

    public string CreateFolder(string name) => Directory.CreateDirectory(Combine(name)).FullName;

    public string Write(string name, string text)
    {
        string path = Combine(name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>
    /// Takes a folder away with all in it, also while somebody still writes there: an agent whose server was just killed may put down one
    /// more file between the look into the folder and its removal.
    /// </summary>
    public static void Remove(string path)
    {
        for (int tries = 100; Directory.Exists(path); tries--)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException) when (tries > 0)
            {
            }
        }
    }

    public void Dispose()
    {
        try
        {
            Remove(FullPath);
        }
        catch (IOException)
        {
            // A server that is just ending may still write; the folder lies in the temporary directory and harms nobody.
        }
    }
}
