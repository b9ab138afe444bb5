using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Overnight.AppHost;

namespace Aspire.Hosting;

public interface IDistributedApplicationBuilder
{
    string AppHostDirectory { get; }
    ConfigurationManager Configuration { get; }
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;
    DistributedApplication Build();
}

public class DistributedApplicationException : Exception
{
    public DistributedApplicationException() { }

    public DistributedApplicationException(string message)
        : base(message) { }

    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner) { }
}

public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly List<Resource> resources = [];

    public DistributedApplicationBuilder(string[] args)
    {
        AppHostDirectory = Metadata("apphostprojectpath");
        Configuration
            .AddJsonFile(Path.Combine(AppHostDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddCommandLine(args);
        TestRun.Current?.Created.SetResult(this);
    }

    public string AppHostDirectory { get; }
    public ConfigurationManager Configuration { get; } = new();

    internal string DataDirectory =>
        Path.GetFullPath(Configuration["Overnight:DataDirectory"] ?? Path.Combine(AppHostDirectory, "..", ".data"));

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (resources.Exists(r => r.Name.Equals(resource.Name, StringComparison.OrdinalIgnoreCase)))
            throw new DistributedApplicationException($"There are two resources named '{resource.Name}'.");
        resources.Add((Resource)(IResource)resource);
        return new ResourceBuilder<T>(this, resource);
    }

    public DistributedApplication Build()
    {
        TestRun.Current?.MayBuild.Task.GetAwaiter().GetResult();
        DistributedApplication app = new(this, resources, Metadata("outputpath"));
        TestRun.Current?.Built.SetResult(app);
        return app;
    }

    /// <summary>The parameter's value, made once and then kept with the data; parameters start side by side, and share the file.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.Synchronized)]
    internal string Persisted(string name, ParameterDefault generate)
    {
        var file = Path.Combine(DataDirectory, "parameters.json");
        var values = File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file))! : [];
        if (values.TryGetValue(name, out var kept))
            return kept;
        values[name] = generate.GetDefaultValue();
        DistributedApplication.WriteSecret(file, values);
        return values[name];
    }

    private static string Metadata(string key) =>
        typeof(DistributedApplicationBuilder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;

    private sealed record ResourceBuilder<T>(IDistributedApplicationBuilder ApplicationBuilder, T Resource) : IResourceBuilder<T>
        where T : IResource;
}
