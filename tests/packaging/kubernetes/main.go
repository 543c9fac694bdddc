// Reads YAML documents from standard input and decodes each strictly into Kubernetes' own API type of its kind: a field
// that does not exist, or has the wrong type, is reported; exit code 1.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func typeOf(meta metav1.TypeMeta) any {
	switch meta.APIVersion + " " + meta.Kind {
	case "apps/v1 StatefulSet":
		return &appsv1.StatefulSet{}
	case "batch/v1 Job":
		return &batchv1.Job{}
	case "v1 Service":
		return &corev1.Service{}
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	}
	return nil
}

func main() {
	documents := yamlutil.NewYAMLReader(bufio.NewReader(os.Stdin))
	checked, wrong := 0, false
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		var meta metav1.TypeMeta
		if err := yaml.Unmarshal(text, &meta); err != nil || meta.Kind == "" {
			if err != nil {
				fmt.Println(err)
				wrong = true
			}
			continue
		}
		into := typeOf(meta)
		if into == nil {
			fmt.Printf("left out: %s %s\n", meta.APIVersion, meta.Kind)
			continue
		}
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			fmt.Printf("%s: %v\n", meta.Kind, err)
			wrong = true
		}
		checked++
	}
	fmt.Printf("checked %d\n", checked)
	if wrong {
		os.Exit(1)
	}
}
