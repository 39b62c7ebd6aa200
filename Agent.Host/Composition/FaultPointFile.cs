using System.Diagnostics;
using System.Globalization;
using Agent.Actors.Kernel;

namespace Agent.Host.Composition;

/// <summary>
/// Lets a test end this process at a <see cref="FaultPoint"/>, by SIGKILL as an operator or the kernel would. The environment variable
/// names a file, which is read at every point; so a test arms a point in a running agent by writing the file. Neither the network nor
/// the configuration leads here.
/// </summary>
/// <remarks>
/// The file says <c>trace</c>: the names of the points passed are appended to a file beside it; or <c>NAME</c> or <c>NAME COUNT</c>: the
/// process ends when it passes that point for the COUNT-th time since the file said so. Anything else, also no file, means nothing.
/// </remarks>
internal sealed class FaultPointFile
{
    /// <summary>The environment variable with the path of the file.</summary>
    public const string Variable = "AGENT_FAULT_POINT_FILE";

    /// <summary>What is appended to the path for the file of names passed.</summary>
    public const string TraceSuffix = ".passed";

    private readonly Lock _gate = new();
    private readonly string _path;
    private string _armed = "";
    private int _passes;

    private FaultPointFile(string path) => _path = path;

    /// <summary>To be called before any fault point is passed. Does nothing without the environment variable.</summary>
    public static void ArmFromEnvironment()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
            return;
        var file = new FaultPointFile(path);
        AppContext.SetData(FaultPoint.DataName, (Action<string>)file.Passed);
        Console.Error.WriteLine($"fault points are armed by {path}: this process may end itself at any of them");
    }

    private void Passed(string name)
    {
        lock (_gate)
        {
            string armed = File.Exists(_path) ? File.ReadAllText(_path).Trim() : "";
            if (armed != _armed)
                _passes = 0;
            _armed = armed;
            string[] words = armed.Split(' ');
            if (armed == "trace")
                File.AppendAllText(_path + TraceSuffix, name + "\n");
            else if (words[0] == name && ++_passes == CountIn(words))
                End(name);
        }
    }

    private static int CountIn(string[] words) =>
        words.Length < 2 ? 1 : int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0;

    private static void End(string name)
    {
        Console.Error.WriteLine($"fault point {name}");
        using Process self = Process.GetCurrentProcess();
        self.Kill();
        // The signal ends all threads, but not within this very instruction.
        Thread.Sleep(Timeout.Infinite);
    }
}
