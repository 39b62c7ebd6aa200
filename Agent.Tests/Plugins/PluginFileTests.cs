using System.Runtime.Loader;
using Agent.Actors.Backends;
using Agent.Actors.Backends.Drivers;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Host.Configuration;
using Agent.Host.Plugins;
using Agent.Tests.Backends;
using Agent.Tests.Commands;
using Agent.Tests.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Plugins;

/// <summary>Finding and loading drivers from outside, and what the configuration makes of them.</summary>
public sealed class PluginFileTests : IDisposable
{
    private readonly PluginBed _bed = PluginBed.WithSample();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public void A_plugin_is_loaded_apart_with_what_it_brings_and_shares_the_port_only()
    {
        PluginFile plugin = Find(PluginBed.Sample);

        Assert.Equal(("1.2.3", ""), (plugin.Version, plugin.Problem));
        var context = AssemblyLoadContext.GetLoadContext(plugin.Driver!.GetType().Assembly);
        Assert.NotSame(AssemblyLoadContext.Default, context);
        IZoneBackend backend = plugin.Driver.Create(Context(("folder", _bed.FullPath), ("suffix", ".x")));
        Type common = backend.GetType().BaseType!;
        Assert.Equal(typeof(AsyncZoneBackend).FullName, common.FullName);
        Assert.NotEqual(typeof(AsyncZoneBackend), common);
        Assert.Equal(Path.Combine(_bed.FullPath, PluginBed.Sample, "Agent.Backends.dll"), common.Assembly.Location);
    }

    [Fact]
    public void Whatever_is_wrong_with_a_file_is_said_and_thrown_by_nobody()
    {
        _bed.AddText("text");
        _bed.AddEmptyFolder("empty");
        _bed.AddSample("renamed");
        _bed.AddAssembly("plain", driver: null);
        _bed.AddAssembly("newer", typeof(object), DriverPort.Version + 1);
        _bed.AddAssembly("odd", typeof(object));
        _bed.AddAssembly("throwing", typeof(FaultyDriver.ThrowsAtOnce));
        _bed.AddSample("open");
        File.SetUnixFileMode(_bed.FileOf("open"), (UnixFileMode)0b110_110_110);
        (string Name, string Words)[] expected =
        [
            ("text", "BadImageFormatException"), ("empty", "there is no such file"), ("renamed", "its driver is called 'record-folder'"),
            ("plain", "ZoneDriverAttribute is missing"), ("newer", "it was built for version 2 of the port, and this agent has 1"),
            ("odd", "System.Object is no IZoneDriver"), ("throwing", "InvalidDataException: not today"), ("open", "chmod o-w"),
        ];

        foreach ((string name, string words) in expected)
        {
            PluginFile plugin = Find(name);
            Assert.False(plugin.IsUsable);
            Assert.Equal(_bed.FileOf(name), plugin.File);
            Assert.Contains(words, plugin.Problem, StringComparison.Ordinal);
        }

        Assert.Equal("4.5.6.0", Find("newer").Version);
        Assert.Equal([.. expected.Select(row => row.Name).Append(PluginBed.Sample).Order()], Folder.All.Select(plugin => plugin.Name));
        Assert.True(Find(PluginBed.Sample).IsUsable);
    }

    [Fact]
    public async Task One_that_makes_no_backend_leaves_its_target_away()
    {
        File.Delete(Path.Combine(_bed.FullPath, PluginBed.Sample, "Agent.Backends.dll"));
        _bed.AddAssembly("kinds", typeof(FaultyDriver.Kinds));
        (string Target, string Words)[] expected =
        [
            ("{ driver = record-folder, folder = /f }", "Agent.Backends.dll must lie beside the plugin"),
            ("{ driver = kinds }", "InvalidDataException: no backend today"),
        ];

        foreach ((string text, string words) in expected)
        {
            TargetOptions target = Load($"targets.a {text}").Options.Targets[0];
            await using IZoneBackend backend =
                ((PluginSettings)target.Settings).Create(target, "/nowhere", TimeProvider.System, NullLogger.Instance);
            BackendCaller caller = new(backend);
            OrderFinished[] finished = [await caller.ProbeAsync(), await caller.RemoveAsync(DomainName.Root)];
            Assert.All(finished, answer => Assert.Equal(OrderOutcome.Away, answer.Outcome));
            Assert.Contains(words, finished[0].Reason!.Text, StringComparison.Ordinal);
            Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(DomainName.Root)).Observation);
            Assert.NotNull((await caller.ListAsync()).Failure);
        }
    }

    [Fact]
    public void Its_settings_are_held_to_the_keys_that_it_says_it_has()
    {
        AgentConfiguration configuration = Load("targets { a { driver = record-folder, folder = /lists, server = \"192.0.2.1\" } }");

        TargetOptions target = Assert.Single(configuration.Options.Targets);
        DriverValues values = Assert.IsType<PluginSettings>(target.Settings).Values;
        Assert.Equal(("/lists", ".records"), (values.Text("folder"), values.Text("suffix")));
        Assert.Equal(("record-folder", TargetScope.Node, "192.0.2.1:53"), (target.Driver, target.Scope, target.Server?.ToString()));
        Assert.Contains("targets.a.folder: this must be given: where the lists lie", Problem("targets { a { driver = record-folder } }"));
        Assert.Contains(
            "targets.a.folders: unknown key; did you mean folder?",
            Problem("targets { a { driver = record-folder, folder = /f, folders = /g } }"));
        Assert.Contains(
            "backends.record-folder.sufix: unknown key; did you mean suffix?",
            Problem("backend-driver = embedded, backends.record-folder { sufix = x }"));
    }

    [Fact]
    public void It_can_be_the_one_target_and_targets_take_from_its_section_what_they_lack()
    {
        AgentOptions one = Load("backend-driver = record-folder, backends.record-folder { folder = /one }").Options;
        AgentOptions many = Load("""
            backends.record-folder { suffix = .x }
            targets { a { driver = record-folder, folder = /a }, b { driver = record-folder, folder = /b, suffix = .y } }
            """).Options;

        Assert.Equal("/one", ((PluginSettings)Assert.Single(one.Targets).Settings).Values.Text("folder"));
        Assert.Equal([".x", ".y"], many.Targets.Select(target => ((PluginSettings)target.Settings).Values.Text("suffix")));
    }

    [Fact]
    public void All_kinds_of_settings_are_read_and_those_that_nobody_can_have_are_refused()
    {
        _bed.AddAssembly("kinds", typeof(FaultyDriver.Kinds));
        _bed.AddAssembly("taken", typeof(FaultyDriver.TakenKey));

        DriverValues values = ((PluginSettings)Load(
            "targets.a { driver = kinds, number = 5, flag = on, duration = 2m, path = /p/../q, texts = [\"a,b\", c], text = \"\\\"\" }")
            .Options.Targets[0].Settings).Values;
        DriverValues empty = ((PluginSettings)Load("targets.a { driver = kinds }").Options.Targets[0].Settings).Values;

        Assert.Equal((5, true, TimeSpan.FromMinutes(2)), (values.Number("number"), values.Flag("flag"), values.Duration("duration")));
        Assert.Equal(("/q", "\""), (values.Text("path"), values.Text("text")));
        Assert.Equal(["a,b", "c"], values.Texts("texts"));
        Assert.Equal((0, false, TimeSpan.Zero), (empty.Number("number"), empty.Flag("flag"), empty.Duration("duration")));
        Assert.Equal(("", "say \"\\\"", 0), (empty.Text("path"), empty.Text("text"), empty.Texts("texts").Count));
        Assert.Contains("targets.a.number: a whole number", Problem("targets.a { driver = kinds, number = many }"));
        Assert.Equal("DriverSettingException: server: all targets have this key already", Find("taken").Problem);
    }

    [Fact]
    public void One_that_does_not_work_is_warned_of_and_stops_nobody_else()
    {
        _bed.AddText("text");

        AgentConfiguration configuration = Load("""
            targets { a { driver = text, whatever = { it = takes } }, b { driver = gone }, c { driver = record-folder, folder = /f } }
            """);

        Assert.Equal(["text", "gone", "record-folder"], configuration.Options.Targets.Select(target => target.Driver));
        string text = $"target a stays away: the plugin {_bed.FileOf("text")} cannot be used: BadImageFormatException: ";
        string gone = $"target b stays away: the plugin {_bed.FileOf("gone")} cannot be used: there is no such file";
        Assert.Contains(configuration.Warnings, warning => warning.StartsWith(text, StringComparison.Ordinal));
        Assert.Contains(gone, configuration.Warnings);
    }

    [Fact]
    public void Without_a_folder_of_plugins_an_unknown_driver_is_a_slip()
    {
        ConfigurationException failure =
            Assert.Throws<ConfigurationException>(() => ConfigurationText.Load("agent.targets.a { driver = record-folder }"));

        Assert.Contains("this version has no driver 'record-folder'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_lists_drivers_of_ours_and_plugins_with_what_is_wrong()
    {
        string[] setting = ["--set", "agent.backend-driver=embedded", "--set", $"agent.plugins={_bed.FullPath}"];
        CommandRun good = await CommandRun.Of(["target", "drivers", .. setting]);
        CommandRun json = await CommandRun.Of(["target", "drivers", "-o", "json", .. setting]);
        _bed.AddText("text");
        _bed.AddSample("nsd");
        CommandRun bad = await CommandRun.Of(["target", "drivers", .. setting]);

        Assert.Equal(0, good.ExitCode);
        Assert.Contains($"record-folder\tplugin\t1.2.3\tnode\t{_bed.FileOf("record-folder")}\t\n", good.Output, StringComparison.Ordinal);
        Assert.Contains("bind9\tagent\t", good.Output, StringComparison.Ordinal);
        Assert.Contains("\"purpose\": \"where the lists lie; it must be there\"", json.Output, StringComparison.Ordinal);
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains($"text\tplugin\t\t\t{_bed.FileOf("text")}\tBadImageFormatException: ", bad.Output, StringComparison.Ordinal);
        Assert.Contains("nsd.dll\tthe agent has a driver of this name", bad.Output, StringComparison.Ordinal);
    }

    private AgentConfiguration Load(string settings) => ConfigurationText.Load($"agent {{ plugins = \"{_bed.FullPath}\"\n{settings}\n}}");

    private string Problem(string settings) => Assert.Throws<ConfigurationException>(() => Load(settings)).Message;

    private PluginFolder Folder => PluginFolder.At(_bed.FullPath);

    private static DriverContext Context(params (string Key, object Value)[] values) => new(
        "t",
        new DriverValues(values.ToDictionary(pair => pair.Key, pair => pair.Value)),
        Server: null,
        "/nowhere",
        TimeProvider.System,
        NullLogger.Instance);

    private PluginFile Find(string name)
    {
        Assert.True(Folder.TryFind(name, out PluginFile? plugin));
        return plugin;
    }
}
