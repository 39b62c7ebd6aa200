using System.Net;
using Agent.Bench.Peers;
using Agent.Host.Configuration;
using Agent.Host.Web;
using k8s.Models;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Agent.Tests.Deploy;

public sealed class KubernetesTests : IDisposable
{
    private const string Folder = "kubernetes";

    private readonly TemporaryFolder _folder = new("kubernetes");
    private readonly List<object> _objects = [.. Files().SelectMany(file => KubernetesManifest.Load(File.ReadAllText(file)))];

    private V1StatefulSet Set => Single<V1StatefulSet>();

    private V1PodSpec Pod => Set.Spec.Template.Spec;

    private V1Container Container => Assert.Single(Pod.Containers);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_file_is_what_the_API_takes_and_part_of_the_whole()
    {
        string[] kinds = [.. _objects.OfType<k8s.IKubernetesObject>().Select(one => one.Kind).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(
            ["ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount", "StatefulSet"], kinds);
        var whole = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(
            DeployFiles.Text($"{Folder}/kustomization.yaml"));
        Assert.Equal(
            Files().Select(Path.GetFileName).Order(StringComparer.Ordinal),
            ((List<object>)whole["resources"]).Cast<string>().Order(StringComparer.Ordinal));
        Assert.Equal("kustomize.config.k8s.io/v1beta1", whole["apiVersion"]);
    }

    [Theory]
    [InlineData("replicas: 3", "replica: 3")]
    [InlineData("replicas: 3", "replicas: three")]
    [InlineData("  serviceName:", "  minReadySeconds: 3\n  serviceName:")]
    public void The_check_finds_unknown_fields_wrong_types_and_doubles(string good, string bad)
    {
        string text = DeployFiles.Text($"{Folder}/statefulset.yaml");
        Assert.Contains(good, text, StringComparison.Ordinal);
        Assert.ThrowsAny<YamlException>(() => KubernetesManifest.Load(text.Replace(good, bad, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("            - topologyKey: kubernetes.io/hostname\n              labelSelector", "            - labelSelector", "topologyKey")]
    [InlineData("              path: /livez\n              port: management", "              path: /livez", "port")]
    [InlineData("        - maxSkew: 1\n          topologyKey", "        - topologyKey", "maxSkew")]
    public void The_check_finds_what_is_missing(string good, string bad, string field)
    {
        string text = DeployFiles.Text($"{Folder}/statefulset.yaml");
        Assert.Contains(good, text, StringComparison.Ordinal);
        string problem = Assert.Throws<InvalidDataException>(
            () => KubernetesManifest.Load(text.Replace(good, bad, StringComparison.Ordinal))).Message;
        Assert.EndsWith($".{field} is required", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_is_good_and_fits_ports_probes_and_secrets()
    {
        AgentOptions options = Configuration();

        Assert.Equal("agent-0", options.NodeName);
        Dictionary<string, int> ports = Container.Ports.ToDictionary(port => port.Name, port => port.ContainerPort);
        Assert.Equal((options.Listener.Port, options.Listener.Port), (ports["dns-udp"], ports["dns-tcp"]));
        Assert.Equal(options.Management.Port, ports["management"]);
        Assert.True(new HostNames(options.Management.HostNames).Contains("agent-0.agent-nodes.dns.svc"));
        Assert.Equal(options.Cluster.Listen.Port, ports["node-link"]);
        Assert.Equal("agent-0.agent-nodes.dns.svc:8055", options.Cluster.Advertise!.ToString());
        Assert.Equal(Set.Spec.ServiceName, options.Cluster.Advertise.Host.Split('.')[1]);
        foreach (V1Probe probe in (V1Probe[])[Container.StartupProbe, Container.LivenessProbe, Container.ReadinessProbe])
        {
            Assert.Contains(probe.HttpGet.Path, options.Management.Open);
            Assert.Contains(probe.HttpGet.Port.Value, ports.Keys);
        }

        Assert.Equal("/livez", Container.LivenessProbe.HttpGet.Path);
        double leaving = Container.Lifecycle.PreStop.Sleep.Seconds + options.Cluster.DrainTimeout.TotalSeconds + 30;
        Assert.True(Pod.TerminationGracePeriodSeconds >= leaving, "the pod is killed in the middle of its drain");
        Assert.True(options.Cluster.DrainTimeout > options.Zones.AnswerDeadline, "a CREATE that is held is cut off by the drain");
        Assert.Contains(Container.VolumeMounts, mount => mount.MountPath == options.DataDirectory);
    }

    [Fact]
    public void Names_labels_and_volumes_meet()
    {
        IDictionary<string, string> labels = Set.Spec.Template.Metadata.Labels;
        string[] ports = [.. Container.Ports.Select(port => port.Name)];
        foreach (V1Service service in _objects.OfType<V1Service>())
        {
            Assert.Equal(labels, service.Spec.Selector);
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, ports));
        }

        V1NetworkPolicy policy = Single<V1NetworkPolicy>();
        Assert.All(
            (IDictionary<string, string>[])
            [
                Set.Spec.Selector.MatchLabels,
                Single<V1PodDisruptionBudget>().Spec.Selector.MatchLabels,
                policy.Spec.PodSelector.MatchLabels,
                Pod.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector.MatchLabels,
                .. Pod.TopologySpreadConstraints.Select(spread => spread.LabelSelector.MatchLabels),
            ],
            selector => Assert.Equal(labels, selector));
        Assert.All(policy.Spec.Ingress.SelectMany(rule => rule.Ports), port => Assert.Contains(port.Port.Value, ports));
        Assert.Contains(_objects.OfType<V1Service>(), service => service.Metadata.Name == Set.Spec.ServiceName);
        Assert.Equal(Single<V1ServiceAccount>().Metadata.Name, Pod.ServiceAccountName);

        string[] volumes =
            [.. Pod.Volumes.Select(volume => volume.Name), .. Set.Spec.VolumeClaimTemplates.Select(claim => claim.Metadata.Name)];
        Assert.Equal(volumes.Order(StringComparer.Ordinal), Container.VolumeMounts.Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.All(Pod.Volumes.Where(v => v.Secret is not null), v => Assert.Contains(v.Secret.SecretName, Secrets().Keys));
        Assert.Equal(Single<V1ConfigMap>().Metadata.Name, Pod.Volumes.Single(v => v.ConfigMap is not null).ConfigMap.Name);
    }

    [Fact]
    public void The_pod_keeps_to_the_restricted_standard()
    {
        Assert.True(Pod.SecurityContext.RunAsNonRoot);
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.False(Container.SecurityContext.AllowPrivilegeEscalation);
        Assert.True(Container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.Equal(["ALL"], Container.SecurityContext.Capabilities.Drop);
        Assert.Null(Container.SecurityContext.Capabilities.Add);
        Assert.False(Pod.AutomountServiceAccountToken);
        Assert.Contains("USER 10001:10001", DeployFiles.Text("container/Containerfile"), StringComparison.Ordinal);
        Assert.Equal((10001, 10001), (Pod.SecurityContext.RunAsUser, Pod.SecurityContext.FsGroup));
    }

    [Fact]
    public async Task The_pages_that_probes_ask_for_are_there()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = embedded");
        foreach (V1Probe probe in (V1Probe[])[Container.StartupProbe, Container.LivenessProbe, Container.ReadinessProbe])
            Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync(probe.HttpGet.Path));
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync(Set.Spec.Template.Metadata.Annotations["prometheus.io/path"]));
    }

    private static IEnumerable<string> Files() => Directory.EnumerateFiles(DeployFiles.PathOf(Folder), "*.yaml")
        .Where(file => Path.GetFileName(file) != "kustomization.yaml").Order(StringComparer.Ordinal);

    private T Single<T>() => Assert.Single(_objects.OfType<T>());

    private Dictionary<string, IDictionary<string, string>> Secrets() =>
        _objects.OfType<V1Secret>().ToDictionary(secret => secret.Metadata.Name, secret => secret.StringData);

    /// <summary>What agent-0 in the namespace dns would read: its mounts are laid out in a folder.</summary>
    private AgentOptions Configuration()
    {
        foreach (V1Volume volume in Pod.Volumes.Where(volume => volume.Secret is not null))
        {
            string mount = Container.VolumeMounts.Single(m => m.Name == volume.Name).MountPath;
            string folder = _folder.CreateFolder(mount.TrimStart('/'));
            foreach ((string key, string value) in Secrets()[volume.Secret.SecretName])
                File.WriteAllText(Path.Combine(folder, key), value.Length > 0 ? value : "PEM");
        }

        Assert.Contains("/etc/agent/conf/agent.conf", Container.Args);
        string text = Single<V1ConfigMap>().Data["agent.conf"]
            .Replace("/etc/agent/", $"{_folder.FullPath}/etc/agent/", StringComparison.Ordinal);
        string file = _folder.Combine("agent.conf");
        File.WriteAllText(file, text);
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["POD_NAME"] = "agent-0", ["POD_NAMESPACE"] = "dns" };
        Assert.Equal(environment.Keys, Container.Env.Select(variable => variable.Name));
        AgentConfiguration loaded = AgentConfiguration.Load(
            new ConfigurationSources([file], []) { Environment = name => environment.GetValueOrDefault(name) });
        foreach (string named in (string[])
            [
                loaded.Options.Cluster.Tls!.CertificateFile, loaded.Options.Cluster.Tls.KeyFile, loaded.Options.Cluster.Tls.CaFile,
                loaded.Options.Cluster.Etcd.CaFile, loaded.Options.Cluster.Etcd.Certificate!.Value.KeyFile,
            ])
        {
            Assert.True(File.Exists(named), $"{named} is in no secret");
        }

        return loaded.Options;
    }
}
