using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.CrashSafety;

/// <summary>The file by which a test says at which fault point the agent ends.</summary>
internal sealed class FaultPointFile
{
    private readonly string _path;

    public FaultPointFile(AgentProcess agent)
    {
        _path = agent.ConfigurationFile + ".fault";
        agent.Environment[Agent.Host.Composition.FaultPointFile.Variable] = _path;
    }

    private string TracePath => _path + Agent.Host.Composition.FaultPointFile.TraceSuffix;

    public void Trace()
    {
        File.Delete(TracePath);
        Say("trace");
    }

    /// <summary>What was passed since <see cref="Trace"/>, in order.</summary>
    public string[] Passed()
    {
        Disarm();
        return File.Exists(TracePath) ? File.ReadAllLines(TracePath) : [];
    }

    public void Arm(string point, int count) => Say(string.Create(CultureInfo.InvariantCulture, $"{point} {count}"));

    public void Disarm() => Say("");

    // Renamed into place: the agent may read it at this very moment.
    private void Say(string text)
    {
        File.WriteAllText(_path + ".new", text);
        File.Move(_path + ".new", _path, overwrite: true);
    }
}
